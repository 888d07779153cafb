package signin

import (
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
)

const (
	// Path is where the handler answers.
	Path = "/authenticate"

	maxBody    = 4 << 10 // bytes
	maxAtOnce  = 32      // sign-ins
	retryAfter = 10      // seconds
)

// statuses are the HTTP statuses of verdicts, which a mail server may go by instead of the text.
var statuses = map[Verdict]int{
	OK: http.StatusOK, Offline: http.StatusOK, NotDirectory: http.StatusNotFound, Wrong: http.StatusUnauthorized, Disabled: http.StatusForbidden,
	Expired: http.StatusGone, Locked: http.StatusTooManyRequests, Throttled: http.StatusTooManyRequests, Unavailable: http.StatusServiceUnavailable,
}

// handler answers the mail server.
type handler struct {
	service *Service
	tokens  [][sha256.Size]byte
	turns   chan struct{}
	logger  *slog.Logger
}

// Handler returns what the mail server asks: POST /authenticate with a form of user, password and, where they are known, service and rip
// (the client's address), and one of the tokens as bearer (RFC 6750). The text of the answer is the verdict: ok, offline, not_directory,
// wrong, disabled, expired, locked, throttled or unavailable. Anything else is no verdict. It belongs on a loopback address of its own.
func (s *Service) Handler(tokens ...string) http.Handler {
	h := &handler{service: s, turns: make(chan struct{}, maxAtOnce), logger: s.cfg.Logger}
	for _, token := range tokens {
		h.tokens = append(h.tokens, sha256.Sum256([]byte(token)))
	}
	return h
}

// ServeHTTP answers one request. What it carries is never logged.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	switch {
	case !h.knows(r.Header.Get("Authorization")):
		header.Set("WWW-Authenticate", "Bearer")
		http.Error(w, "the token is missing or not the panel's", http.StatusUnauthorized)
		return
	case r.URL.Path != Path:
		http.Error(w, "ask "+Path, http.StatusBadRequest) // 404 is a verdict
		return
	case r.Method != http.MethodPost:
		header.Set("Allow", http.MethodPost)
		http.Error(w, "ask by POST", http.StatusMethodNotAllowed)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil || !r.PostForm.Has("user") || !r.PostForm.Has("password") {
		http.Error(w, "a form of user and password is needed, of 4 KiB at most", http.StatusBadRequest)
		return
	}
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-r.Context().Done():
		return // nobody waits for the answer
	}
	form := r.PostForm
	result, err := h.service.Authenticate(r.Context(), NewRequest(form.Get("user"), form.Get("password"), FromClient(form.Get("rip")), Through(MailServer)))
	if err != nil {
		h.logger.Error("sign-in: a fault of the panel's own", "resource", result.Resource, "error", err)
	}
	status := statuses[result.Verdict]
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		header.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	header.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(result.Verdict)) // a caller that is gone has no use for it
}

// knows reports whether a request has one of the tokens, in a time that says nothing of them.
func (h *handler) knows(authorization string) bool {
	scheme, token, _ := strings.Cut(authorization, " ")
	sum, known := sha256.Sum256([]byte(token)), 0
	for i := range h.tokens {
		known |= subtle.ConstantTimeCompare(sum[:], h.tokens[i][:])
	}
	return strings.EqualFold(scheme, "Bearer") && known == 1
}
