package web

import (
	"context"
	"log/slog"
	"net"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// asker is a copy of a request with which the host is asked again who is asking, after the request itself is over.
type asker struct {
	web    *Web
	app    *fiber.App
	admin  Admin // what the host said the first time
	conn   net.Conn
	values map[any]any // that the host's middleware had left

	request fasthttp.Request
}

func (r *request) asker() *asker {
	a := &asker{web: r.web, app: r.App(), admin: r.admin, conn: r.Context().Conn(), values: make(map[any]any)}
	r.Request().CopyTo(&a.request)
	r.Context().VisitUserValuesAll(func(key, value any) {
		if text, ok := value.(string); ok {
			value = strings.Clone(text) // Fiber's strings are overwritten by later requests
		}
		a.values[key] = value
	})
	return a
}

// stillIn reports whether the host still knows the same global admin in the same session.
func (a *asker) stillIn() bool {
	var same bool
	err := recovered.Do(func() error {
		same = a.ask()
		return nil
	})
	if err != nil {
		a.web.logProblem(context.Background(), "ask the host whether a session goes on", err)
	}
	return err == nil && same
}

func (a *asker) ask() bool {
	again := new(fasthttp.RequestCtx)
	again.Init2(a.conn, slog.NewLogLogger(a.web.cfg.Logger.Handler(), slog.LevelInfo), true)
	a.request.CopyTo(&again.Request)
	for key, value := range a.values {
		again.SetUserValue(key, value)
	}
	c := a.app.AcquireCtx(again)
	defer a.app.ReleaseCtx(c)
	r := &request{Ctx: c, web: a.web, kind: asJSON}
	var signedIn bool
	if r.admin, signedIn = a.web.cfg.Auth.Admin(c); !signedIn || !r.admin.GlobalAdmin {
		return false
	}
	r.nameSession()
	return r.admin.Username == a.admin.Username && r.admin.Session == a.admin.Session
}
