"""What a hand can take, and how it is held."""
