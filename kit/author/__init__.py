"""What authors of exercises need: check, sync, mutate, new. No typer, no rich, no torch."""
