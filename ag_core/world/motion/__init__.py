"""What people do: the table of actions, the script, and the steps that write a performance."""
