package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/views"
)

// asset is a file for the browser. Its hash is part of its address, so that it may be kept for ever.
type asset struct {
	hash, mime string
	body       []byte
}

var mimes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}

func loadAssets() (map[string]asset, error) {
	names, err := fs.Glob(views.FS, "assets/*")
	if err != nil {
		return nil, fmt.Errorf("list the assets: %w", err)
	}
	assets := make(map[string]asset)
	for _, name := range names {
		body, err := views.FS.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read an asset: %w", err)
		}
		sum := sha256.Sum256(body)
		assets[path.Base(name)] = asset{hash: hex.EncodeToString(sum[:6]), mime: mimes[path.Ext(name)], body: body}
	}
	return assets, nil
}

func (w *Web) assetPath(name string) string {
	return w.cfg.Prefix + "/assets/" + w.assets[name].hash + "/" + name
}

// serveAsset needs nobody signed in: there is nothing in these files.
func (w *Web) serveAsset(c *fiber.Ctx) error {
	a, found := w.assets[c.Params("name")]
	if !found {
		return c.SendStatus(fiber.StatusNotFound)
	}
	c.Set(fiber.HeaderContentType, a.mime)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	if c.Params("hash") == a.hash {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	return c.Send(a.body)
}
