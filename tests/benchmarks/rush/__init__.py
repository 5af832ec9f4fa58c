"""What the benchmark of the classroom is made of: a class, its server, those who ask it, and the rival that grades."""
