"""What keeps words at home: the locks that the kernel enforces."""
