package web

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/mailpanel/account-resource/accountresource/recovered"
)

// unansweredLife is how long a stream lasts where the host cannot be asked again: then its page opens another one, which
// passes through all of the host's middleware.
const unansweredLife = time.Minute

// asker is a copy of a request. With it the host is asked for the admin again while a stream lasts.
type asker struct {
	web   *Web
	app   *fiber.App
	admin Admin // as the host named it for the request
	conn  net.Conn
	// life is how long the stream may last.
	life time.Duration

	request fasthttp.Request
}

// asker must be made before the request is over. What middleware left with the request (Locals) is not copied: it may
// belong to another request by the time it is looked at.
func (r *request) asker() *asker {
	a := &asker{web: r.web, app: r.App(), admin: r.admin, conn: r.Context().Conn(), life: streamLife}
	r.Request().CopyTo(&a.request)
	if same, err := a.ask(); err != nil || !same {
		a.life = unansweredLife
	}
	return a
}

// stillIn reports whether the host still knows the same global admin in the same session. A host that cannot be asked
// has not said otherwise.
func (a *asker) stillIn() bool {
	if a.life == unansweredLife {
		return true
	}
	same, err := a.ask()
	if err != nil {
		a.web.logProblem(context.Background(), "ask the host whether a session goes on", err)
	}
	return err == nil && same
}

// ask asks the host; a panic of its Auth is an error.
func (a *asker) ask() (same bool, err error) {
	err = recovered.Do(func() error {
		again := new(fasthttp.RequestCtx)
		again.Init2(a.conn, slog.NewLogLogger(a.web.cfg.Logger.Handler(), slog.LevelInfo), true)
		a.request.CopyTo(&again.Request)
		c := a.app.AcquireCtx(again)
		defer a.app.ReleaseCtx(c)
		r := &request{Ctx: c, web: a.web, kind: asJSON}
		var signedIn bool
		if r.admin, signedIn = a.web.cfg.Auth.Admin(c); !signedIn || !r.admin.GlobalAdmin {
			return nil
		}
		r.nameSession()
		same = r.admin.Username == a.admin.Username && r.admin.Session == a.admin.Session
		return nil
	})
	return same, err
}
