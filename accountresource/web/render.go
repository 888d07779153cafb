package web

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/template/html/v2"
)

// view is what a template is given: how to speak, what every page needs, and the page's own data.
type view struct {
	*localizer
	Prefix string
	Token  string
	Title  string
	Notice string // what just happened, in a sentence
	Data   any
}

// notices are what a redirect may have to tell; nothing else from the address is ever shown.
var notices = map[string]bool{
	"created": true, "saved": true, "enabled": true, "disabled": true, "deleted": true, "confirmed": true, "confirmed_changes": true, "dismissed": true,
	"cancelled": true, "changed": true, "idle": true, "unmarked": true, "unfit": true,
}

// render executes a template inside the layout. The title is a key.
func (r *request) render(status int, name, title string, data any) error {
	v := view{
		localizer: r.localizer, Prefix: r.web.cfg.Prefix, Token: r.web.token(r.admin, time.Now()), Title: r.T(title), Data: data,
	}
	if done := r.Query("done"); notices[done] {
		v.Notice = r.T("done_" + done)
	}
	var content bytes.Buffer
	if err := r.web.engine.Render(&content, name, v); err != nil {
		return fmt.Errorf("render page %s: %w", name, err)
	}
	r.Status(status)
	err := r.web.cfg.Layout(r.Ctx, Page{
		Title:       v.Title,
		Content:     template.HTML(content.String()), //nolint:gosec // html/template has escaped it
		Stylesheets: []string{r.web.assetPath("app.css"), r.web.assetPath("history.css")},
		Scripts:     []string{r.web.assetPath("app.js"), r.web.assetPath("live.js")},
		Language:    r.Language(),
		Direction:   r.Direction(),
		Status:      status,
	})
	if err != nil {
		return fmt.Errorf("render the layout of page %s: %w", name, err)
	}
	r.web.protect(r.Ctx) // now that the layout may have set a policy of its own
	return nil
}

// escapeAll has all templates escaped, which html/template does with the first execution: the engine copies them without a lock, so
// that the first two requests at once would read what the other writes.
func escapeAll(engine *html.Engine) {
	for _, t := range engine.Templates.Templates() {
		_ = engine.Templates.ExecuteTemplate(io.Discard, t.Name(), nil) // it fails, after it was escaped: there is nothing to show
	}
}

var plainPage = template.Must(template.New("plain").Parse(`<!doctype html>
<html lang="{{.Language}}" dir="{{.Direction}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
{{range .Stylesheets}}<link rel="stylesheet" href="{{.}}">
{{end}}{{range .Scripts}}<script src="{{.}}" defer></script>
{{end}}</head>
<body>
<main>{{.Content}}</main>
</body>
</html>
`))

// plainLayout is for hosts that bring no chrome.
func plainLayout(c *fiber.Ctx, p Page) error {
	var body bytes.Buffer
	if err := plainPage.Execute(&body, p); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(body.Bytes())
}

// redirect redirects after a form was taken, with what is to be told there.
func (r *request) redirect(path, done string) error {
	if done != "" {
		path += map[bool]string{true: "&", false: "?"}[bytes.ContainsRune([]byte(path), '?')] + "done=" + done
	}
	return r.Redirect(r.web.cfg.Prefix+path, fiber.StatusSeeOther)
}
