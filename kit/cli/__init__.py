"""Arguments: each command reads them, calls one function and shows its result."""
