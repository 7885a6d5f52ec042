"""What Homebody can do: the skills, the registry of them, and the workshop that runs some.

Imports the rooms below `assistant`; is imported by it and by the front ends.
"""
