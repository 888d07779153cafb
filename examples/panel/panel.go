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
	p := &panel{admins: a, sessions: newSessions(), mail: m, logger: logger}
	p.app = fiber.New(fiber.Config{
		AppName: "Example Panel", Views: engine, DisableStartupMessage: true, ErrorHandler: p.fail,
		ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	})
	p.app.Use(headers, sameOrigin)
	p.app.Get("/assets/:name", asset)
	p.app.Get("/login", func(c *fiber.Ctx) error { return p.draw(c, fiber.StatusOK, "login", "Sign in", fiber.Map{}) })
	p.app.Post("/login", p.login)
	p.app.Post("/logout", p.logout)
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

// headers keep browsers strict. The pages of the module have to live with that.
func headers(c *fiber.Ctx) error {
	c.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	return c.Next()
}

// sameOrigin refuses forms that other sites send.
func sameOrigin(c *fiber.Ctx) error {
	origin := c.Get(fiber.HeaderOrigin)
	if c.Method() != fiber.MethodPost || origin == "" {
		return c.Next()
	}
	if from, err := url.Parse(origin); err != nil || from.Host != string(c.Context().Host()) {
		return fiber.NewError(fiber.StatusForbidden, "This form came from another site.")
	}
	return c.Next()
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

type page func(c *fiber.Ctx, who admin) error

// signedIn sends everybody else to the sign-in page.
func (p *panel) signedIn(draw page) fiber.Handler {
	return func(c *fiber.Ctx) error {
		who, ok := p.sessions.of(c)
		if !ok {
			return c.Redirect("/login", fiber.StatusFound)
		}
		return draw(c, who)
	}
}

func (p *panel) login(c *fiber.Ctx) error {
	who, right, err := p.admins.check(c.UserContext(), c.FormValue("username"), c.FormValue("password"))
	if err != nil {
		return err
	}
	if !right {
		return p.draw(c, fiber.StatusUnauthorized, "login", "Sign in", fiber.Map{
			"Problem": "This name and password do not belong together.", "Username": c.FormValue("username"),
		})
	}
	c.Cookie(&fiber.Cookie{
		Name: sessionCookie, Value: p.sessions.open(who), HTTPOnly: true, SameSite: "Lax", Secure: c.Protocol() == "https",
	})
	return c.Redirect("/", fiber.StatusSeeOther)
}

func (p *panel) logout(c *fiber.Ctx) error {
	p.sessions.close(c.Cookies(sessionCookie))
	c.ClearCookie(sessionCookie)
	return c.Redirect("/login", fiber.StatusSeeOther)
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
