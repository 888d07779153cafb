package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/template/html/v2"

	"github.com/mailpanel/account-resource/views"
)

// Web is the pages of one registration.
type Web struct {
	cfg               Config
	texts             *texts
	engine            *html.Engine
	assets            map[string]asset
	watch             *broadcaster
	plain             bool // pages are in the module's own layout
	trials, downloads *slots

	heartbeat time.Duration   // of streams
	writeTime time.Duration   // for each piece that is sent
	life      context.Context // ends with Close, and with it what outlives its request
	end       context.CancelFunc
}

// New prepares the pages: templates, texts and files for the browser.
func New(cfg Config) (*Web, error) {
	plain := cfg.Layout == nil
	if plain {
		cfg.Layout = plainLayout
	}
	texts, err := loadTexts()
	if err != nil {
		return nil, err
	}
	engine := html.NewFileSystem(http.FS(views.FS), ".html")
	if err := engine.Load(); err != nil {
		return nil, fmt.Errorf("read the templates: %w", err)
	}
	escapeAll(engine)
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	w := &Web{cfg: cfg, texts: texts, engine: engine, assets: assets, plain: plain, heartbeat: heartbeat, writeTime: writeTime}
	life, end := context.WithCancelCause(context.Background())
	w.life, w.end = life, func() { end(errClosed) }
	w.trials, w.downloads = newSlots(w.life, maxTrials), newSlots(w.life, maxDownloads)
	w.watch = newBroadcaster(w.life, lookEvery, cfg.Logger)
	w.watch.look = w.pulses
	return w, nil
}

// Close ends the streams, downloads, tests and previews that are under way, and waits until none of them asks the
// database or a directory any more.
func (w *Web) Close() {
	w.watch.close(w.end)
	w.trials.wait()
	w.downloads.wait()
}

// Mount registers the routes, all of them below the prefix.
func (w *Web) Mount(app *fiber.App) {
	r := app.Group(w.cfg.Prefix)
	r.Get("/assets/:hash/:name", w.serveAsset)

	page, data := w.guard(asPage), w.guard(asJSON)
	r.Get("/", page(w.list))
	r.Post("/", page(w.create))
	r.Get("/domains", data(w.domains))
	r.Get("/progress", data(w.followAll))
	r.Get("/:id/progress", data(w.follow))
	r.Get("/:id/status", data(w.status))
	r.Get("/:id/log", page(w.log))
	r.Get("/:id", page(w.show))
	r.Post("/:id/test", page(w.test))
	r.Post("/:id/propose", page(w.propose))
	r.Post("/:id/trust", page(w.trust))
	r.Post("/:id/preview", page(w.preview))
	r.Post("/:id/replicate", page(w.replicate))
	r.Post("/:id/cancel", page(w.cancel))
	r.Post("/:id/enable", page(w.begin))
	r.Post("/:id/disable", page(w.disable))
	r.Post("/:id/delete", page(w.remove))
	r.Get("/:id/removals", page(w.waiting))
	r.Post("/:id/removals", page(w.removals))
	r.Post("/:id/signin/try", page(w.trySignIn))
	r.Get("/:id/signin/files/:name", page(w.signInFile))
	for _, tab := range tabs {
		r.Post("/:id/"+tab.name, page(w.save(tab)))
	}
}

// SidebarEntry is the module's entry in the host's navigation.
type SidebarEntry struct {
	Title string // in the language of the request
	Path  string
	Icon  string // a name for the host's icons
}

// SidebarEntry is the entry in the language of the request.
func (w *Web) SidebarEntry(c *fiber.Ctx) SidebarEntry {
	admin, _ := w.cfg.Auth.Admin(c)
	return SidebarEntry{Title: w.localizer(c, admin).T("sidebar_title"), Path: w.cfg.Prefix, Icon: "directory"}
}
