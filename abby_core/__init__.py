"""What Abby is: orders, quotas, pictures. Knows no chat, web or terminal library."""
