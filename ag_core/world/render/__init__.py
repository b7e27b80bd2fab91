"""Meshes, textures, light, cameras and the renderer."""
