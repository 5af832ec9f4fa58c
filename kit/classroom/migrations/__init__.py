"""The steps by which a classroom's tables came to be what they are."""
