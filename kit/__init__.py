"""The face of the kit: commands, workspace, progress and screens."""
