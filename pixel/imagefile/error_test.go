package imagefile

import (
	"errors"
	"strings"
	"testing"

	"augmix/pixel"
	"augmix/pixel/jpeg"
)

// TestReasons checks the words for what is not an image.
func TestReasons(t *testing.T) {
	small := jpeg.Encode(nil, pixel.New(9, 7, 3), 90, false)
	for _, c := range []struct{ name, data, reason string }{
		{"nothing", "", "empty"},
		{"GIF", "GIF89a\x01\x00\x01\x00", "not a JPEG or PNG image but a GIF"},
		{"text", "404: Not Found\n", "not a JPEG or PNG image but text"},
		{"HTML", "<!DOCTYPE html>", "not a JPEG or PNG image but an HTML page"},
		{"WebP", "RIFF\x10\x00\x00\x00WEBPVP8 ", "not a JPEG or PNG image but a WebP"},
		{"zeros", strings.Repeat("\x00", 100), "not a JPEG or PNG image but something else"},
		{"two bytes", "\xff\xd8", "truncated: it ends within the first bytes of an image"},
		{"half a JPEG", string(small[:len(small)/2]), "truncated JPEG"},
		{"PNG signature", startOfPNG, "truncated PNG"},
	} {
		var r Reader
		defer r.Close()
		var m pixel.Image
		for call, err := range map[string]error{"Decode": r.Decode(&m, []byte(c.data)), "Region": r.Region(&m, []byte(c.data), 0, 0, 1, 1)} {
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Reason != c.reason {
				t.Errorf("%s of %s: got %v, want an *Error with the reason %q", call, c.name, err, c.reason)
			}
		}
	}
}
