// Package preview draws labelled pictures of what the program does to images.
package preview
