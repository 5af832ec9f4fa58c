"""The classroom: a server that takes answers, has them judged here, and keeps the boards; everything about HTTP and SQL lives in this package."""
