"""What lies in deploy/ beside the image: alarms and a dashboard."""
