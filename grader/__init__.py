"""The judge: runs hidden checks against a learner's answer that it never lets into its own process."""
