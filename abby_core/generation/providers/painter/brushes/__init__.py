"""What everything is drawn with: colours, outlines, washes, noise, canvases and figures."""
