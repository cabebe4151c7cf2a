"""What is done to pictures before and beside a network: noise, classical filters, aligned pairs,
color."""
