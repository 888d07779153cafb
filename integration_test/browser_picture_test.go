//go:build integration

package integration_test

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// smaller writes a picture with the 256 colours that it has most of: pages need few, and a repository keeps pictures
// for ever.
func smaller(tb testing.TB, picture []byte) []byte {
	tb.Helper()
	full, err := png.Decode(bytes.NewReader(picture))
	require.NoError(tb, err)
	bounds := full.Bounds()
	counts := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[opaque(full.At(x, y))]++
		}
	}
	most := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		most = append(most, c)
	}
	slices.SortFunc(most, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range most[:min(len(most), 256)] {
		palette = append(palette, c)
	}
	few, known := image.NewPaletted(bounds, palette), map[color.RGBA]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := opaque(full.At(x, y))
			index, seen := known[c]
			if !seen {
				index = uint8(palette.Index(c))
				known[c] = index
			}
			few.SetColorIndex(x, y, index)
		}
	}
	var out bytes.Buffer
	require.NoError(tb, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few))
	return out.Bytes()
}

func opaque(c color.Color) color.RGBA {
	r, g, b, _ := c.RGBA()
	return color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}
}
