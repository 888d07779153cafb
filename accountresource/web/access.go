package web

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// request is one request of a global admin.
type request struct {
	*fiber.Ctx
	*speaker
	web   *Web
	admin Admin
	form  map[string]string // of a POST
}

type handler func(*request) error

// kind is what a route answers with.
type kind bool

const (
	asPage kind = false
	asJSON kind = true
)

// guard lets only global admins through, and forms only with a token of ours. It turns errors into answers.
func (w *Web) guard(k kind) func(handler) fiber.Handler {
	return func(h handler) fiber.Handler {
		return func(c *fiber.Ctx) error {
			asData := k == asJSON || strings.HasPrefix(c.Get(fiber.HeaderAccept), fiber.MIMEApplicationJSON)
			admin, signedIn := w.cfg.Auth.Admin(c)
			r := &request{Ctx: c, speaker: w.speaker(c, admin), web: w, admin: admin}
			secure(c)
			switch {
			case !signedIn && asData:
				return c.Status(fiber.StatusUnauthorized).JSON(fiber.Map{"error": r.T("refused_signed_out")})
			case !signedIn:
				return c.Redirect(w.cfg.Auth.LoginPath(c), fiber.StatusFound)
			case !admin.GlobalAdmin:
				return r.refuse(asData, fiber.StatusForbidden, "refused_role")
			}
			if c.Method() == fiber.MethodPost {
				r.form = readForm(c)
				if !w.genuine(r) {
					return r.refuse(asData, fiber.StatusForbidden, "refused_token")
				}
			}
			if err := h(r); err != nil {
				return r.fail(asData, err)
			}
			return nil
		}
	}
}

// secure sets the headers of every answer.
func secure(c *fiber.Ctx) {
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
}

// refuse answers with a sentence.
func (r *request) refuse(asData bool, status int, key string) error {
	if asData {
		return r.Status(status).JSON(fiber.Map{"error": r.T(key)})
	}
	return r.draw(status, "message", "message_refused", messageView{Text: r.T(key), Back: r.web.cfg.Prefix})
}

// messageView is a page that has only something to say.
type messageView struct {
	Text, Back string
}

// fail turns an error into an answer. What an admin cannot mend gets a number that the log has too.
func (r *request) fail(asData bool, err error) error {
	if errors.Is(err, resource.ErrNotFound) || errors.Is(err, run.ErrNotFound) || errors.Is(err, errNoNumber) {
		return r.refuse(asData, fiber.StatusNotFound, "refused_not_found")
	}
	if errors.Is(err, run.ErrBusy) {
		r.Set(fiber.HeaderRetryAfter, "5")
		return r.refuse(asData, fiber.StatusServiceUnavailable, "refused_searching")
	}
	incident := strconv.FormatInt(time.Now().UnixNano()%1e9, 36)
	r.web.cfg.Logger.ErrorContext(r.UserContext(), "page", "incident", incident, "method", r.Method(), "path", r.Path(),
		"admin", r.admin.Username, "error", err)
	text := r.T("failed_unexpected", "Incident", incident)
	if asData {
		return r.Status(fiber.StatusInternalServerError).JSON(fiber.Map{"error": text})
	}
	return r.draw(fiber.StatusInternalServerError, "message", "message_failed", messageView{Text: text, Back: r.web.cfg.Prefix})
}

var errNoNumber = errors.New("not a number")

// id is the resource that the path names.
func (r *request) id() (int64, error) {
	id, err := strconv.ParseInt(r.Params("id"), 10, 64)
	if err != nil {
		return 0, errNoNumber
	}
	return id, nil
}

// resource reads the resource that the path names.
func (r *request) resource() (resource.Resource, error) {
	id, err := r.id()
	if err != nil {
		return resource.Resource{}, err
	}
	return r.web.cfg.Resources.Get(r.UserContext(), id)
}

// readForm copies the submitted values: Fiber's own are overwritten by the next request.
func readForm(c *fiber.Ctx) map[string]string {
	form := make(map[string]string)
	if parts, err := c.MultipartForm(); err == nil {
		for name, values := range parts.Value {
			form[name] = values[0]
		}
		return form
	}
	c.Request().PostArgs().VisitAll(func(name, value []byte) { form[string(name)] = string(value) })
	return form
}
