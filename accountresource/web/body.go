package web

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

const (
	// maxBody is the longest body of a form, in bytes, whatever the host lets through.
	maxBody = 4 << 20
	// maxFields is how many values a form may have: more than those of all removals that fit into a body.
	maxFields = 100_000
	// maxQuery is the longest value in an address, in bytes.
	maxQuery = 2000
)

var (
	errEncoding  = &refusal{status: fiber.StatusUnsupportedMediaType, key: "refused_encoding"}
	errMediaType = &refusal{status: fiber.StatusUnsupportedMediaType, key: "refused_media_type"}
	errSize      = &refusal{status: fiber.StatusRequestEntityTooLarge, key: "refused_size"}
	errText      = &refusal{status: fiber.StatusBadRequest, key: "refused_text"}
	errForm      = &refusal{status: fiber.StatusBadRequest, key: "refused_form"}
)

// readForm reads a form. What its headers say is judged before the body is parsed, and a body is never inflated: a few
// hundred kilobytes may unpack to gigabytes.
func (r *request) readForm() error {
	multipart, err := r.checkHeaders()
	if err != nil {
		return err
	}
	if r.Get("Sec-Fetch-Site") == "cross-site" { // browsers are believed when they say so
		return errToken
	}
	token := r.Get("X-CSRF-Token")
	if token != "" && !r.web.genuine(r.admin, token) {
		return errToken
	}
	if err := r.readBody(); err != nil {
		return err
	}
	if multipart {
		err = r.parseMultipart()
	} else {
		err = r.parseURLEncoded()
	}
	if err != nil {
		return err
	}
	if token == "" && !r.web.genuine(r.admin, r.form["_csrf"]) {
		return errToken
	}
	return r.checkForm()
}

// checkHeaders refuses what is no form, or too long for one, and reports whether it is a multipart form.
func (r *request) checkHeaders() (multipart bool, err error) {
	header := &r.Request().Header
	for _, coding := range header.PeekAll(fiber.HeaderContentEncoding) {
		if name := strings.TrimSpace(string(coding)); name != "" && !strings.EqualFold(name, "identity") {
			return false, errEncoding
		}
	}
	header.Del(fiber.HeaderContentEncoding) // fasthttp reads no form that says "identity"
	media, _, _ := strings.Cut(string(header.ContentType()), ";")
	switch strings.ToLower(strings.TrimSpace(media)) {
	case fiber.MIMEMultipartForm:
		multipart = true
	case fiber.MIMEApplicationForm:
	case "":
		if header.ContentLength() != 0 {
			return false, errMediaType
		}
	default:
		return false, errMediaType
	}
	if header.ContentLength() > maxBody {
		return multipart, errSize
	}
	return multipart, nil
}

// readBody reads a body that the host's server has left to be read, or whose length it was not told before.
func (r *request) readBody() error {
	if !r.Request().IsBodyStream() {
		if r.Request().Header.ContentLength() < 0 && len(r.Request().Body()) > maxBody {
			return errSize
		}
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Context().RequestBodyStream(), maxBody+1))
	switch {
	case err != nil:
		return errForm
	case len(body) > maxBody:
		return errSize
	}
	r.Request().SetBodyRaw(body)
	return nil
}

// parseMultipart copies the submitted values: those of Fiber are overwritten by the next request.
func (r *request) parseMultipart() error {
	parts, err := r.MultipartForm()
	if err != nil {
		return errForm
	}
	r.form, r.fields = make(map[string]string, len(parts.Value)), parts.Value
	for name, values := range parts.Value {
		r.form[name] = values[0]
	}
	return nil
}

func (r *request) parseURLEncoded() error {
	body := r.Request().Body()
	if bytes.Count(body, []byte("&")) >= maxFields {
		return errSize
	}
	var args fasthttp.Args // not the request's own: those keep their memory for later requests
	args.ParseBytes(body)
	r.form, r.fields = make(map[string]string), make(map[string][]string)
	args.VisitAll(func(key, value []byte) {
		name := string(key)
		r.form[name] = string(value)
		r.fields[name] = append(r.fields[name], r.form[name])
	})
	return nil
}

// checkForm refuses values that are no text.
func (r *request) checkForm() error {
	for name, values := range r.fields {
		if !isText(name) {
			return errText
		}
		for _, value := range values {
			if !isText(value) {
				return errText
			}
		}
	}
	return nil
}

// checkQuery refuses values in the address that are no text, or longer than any that the pages send.
func (r *request) checkQuery() (err error) {
	r.Context().QueryArgs().VisitAll(func(name, value []byte) {
		if !isText(string(name)) || !isText(string(value)) || len(value) > maxQuery {
			err = errText
		}
	})
	return err
}

// isText reports whether every database takes the value: valid UTF-8 without NUL.
func isText(value string) bool { return utf8.ValidString(value) && !strings.ContainsRune(value, 0) }
