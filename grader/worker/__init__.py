"""The learner's side of the judge: the process that runs the answer, and the walls around it."""
