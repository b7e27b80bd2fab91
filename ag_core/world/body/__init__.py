"""The person: skeleton, posture, looks and clothes."""
