package main

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/template/html/v2"

	"github.com/mailpanel/account-resource/accountresource"
)

//go:embed pages/*.html pages/partials/*.html pages/assets/*
var pages embed.FS

// panel is the host of the module.
type panel struct {
	app      *fiber.App
	admins   *admins
	sessions *sessions
	people   sessionsOf[person] // who reads mail here
	limits   *signInLimits
	mail     accounts
	module   *accountresource.Module
	logger   *slog.Logger
}

// accounts are the mail accounts, as the panel's pages show them.
type accounts interface {
	// list is a page of what an admin may see of a table, and how much there is in all.
	list(ctx context.Context, who admin, t table, search string, page int) (found []record, total int, err error)
	one(ctx context.Context, who admin, t table, key string) (found record, exists bool, err error)
	routes(ctx context.Context, address string) ([]record, error)
	addDomain(ctx context.Context, domain string) error
}

// newPanel makes the panel's own pages. The module joins later.
func newPanel(a *admins, m accounts, logger *slog.Logger) *panel {
	engine := html.NewFileSystem(http.FS(pages), ".html")
	engine.AddFunc("path", url.PathEscape)
	p := &panel{admins: a, sessions: newSessions(), people: newSessionsOf[person](), limits: newSignInLimits(time.Now), mail: m, logger: logger}
	p.app = fiber.New(fiber.Config{
		AppName: "Example Panel", Views: engine, DisableStartupMessage: true, ErrorHandler: p.fail,
		ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	})
	p.app.Use(headers, plainBody, sameOrigin)
	p.app.Get("/assets/:name", asset)
	p.app.Get("/login", p.loginPage)
	p.app.Post("/login", p.login)
	p.app.Post("/logout", p.logout)
	p.app.Get("/account", p.account)
	p.app.Post("/account/logout", p.leave)
	p.app.Post("/language", p.signedIn(p.language))
	p.app.Get("/", p.signedIn(p.dashboard))
	p.app.Get("/domains", p.signedIn(p.domains))
	p.app.Post("/domains", p.signedIn(p.addDomain))
	p.app.Get("/users", p.signedIn(p.users))
	p.app.Get("/users/:address", p.signedIn(p.user))
	p.app.Get("/aliases", p.signedIn(p.aliases))
	p.app.Get("/aliases/:address", p.signedIn(p.alias))
	p.app.Get("/admins", p.signedIn(p.listAdmins))
	p.app.Post("/admins", p.signedIn(p.addAdmin))
	return p
}

// asset serves the panel's stylesheet and icon.
func asset(c *fiber.Ctx) error {
	content, err := pages.ReadFile("pages/assets/" + path.Base(c.Params("name")))
	if err != nil {
		return fiber.ErrNotFound
	}
	c.Type(path.Ext(c.Params("name")), "utf-8")
	c.Set(fiber.HeaderCacheControl, "max-age=300")
	return c.Send(content)
}

// fail draws what went wrong.
func (p *panel) fail(c *fiber.Ctx, err error) error {
	status, text := fiber.StatusInternalServerError, "Something unexpected happened. The log has the details."
	var known *fiber.Error
	switch {
	case errors.As(err, &known) && known.Code == fiber.StatusNotFound:
		status, text = known.Code, "There is nothing here."
	case errors.As(err, &known):
		status, text = known.Code, known.Message
	default:
		p.logger.Error("page", "method", c.Method(), "path", c.Path(), "error", err)
	}
	return p.draw(c, status, "message", "Problem", fiber.Map{"Text": text})
}
