#!/usr/bin/env python3
"""Makes a picture of a page small enough to be kept: its upper part, in few colours (`just pictures`; needs Pillow).

    shrink.py FROM TO [HEIGHT]
"""
import sys

from PIL import Image

picture = Image.open(sys.argv[1]).convert("RGB")
height = int(sys.argv[3]) if len(sys.argv) > 3 else picture.height
picture = picture.crop((0, 0, picture.width, min(height, picture.height)))
picture.quantize(colors=48, dither=Image.Dither.NONE).save(sys.argv[2], optimize=True)
