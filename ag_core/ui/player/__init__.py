"""The player: video, scene graph and timeline on one clock."""
