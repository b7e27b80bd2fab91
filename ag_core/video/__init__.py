"""Video files: frames by number, clips, copies that a browser plays."""
