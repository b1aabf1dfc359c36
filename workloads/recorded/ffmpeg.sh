#!/bin/sh
# FFmpeg makes up a picture and a sound, mixes and scales them, and codes both; codecs and filters have two
# threads each.
. "$(dirname "$0")/recipe.sh"
needs ffmpeg ffmpeg

recorded ffmpeg -nostdin -loglevel error -filter_threads 2 -filter_complex_threads 2 \
    -f lavfi -i testsrc2=duration=40:size=320x240:rate=25 -f lavfi -i mandelbrot=size=160x120:rate=25 \
    -f lavfi -i sine=frequency=330:duration=40 \
    -filter_complex '[1]scale=80:60,format=yuva420p[small];[0][small]overlay=x=t*4:shortest=1,split[a][b];[b]hflip[c];[a][c]hstack' \
    -t 40 -c:v mpeg4 -threads 2 -c:a aac out.mkv
