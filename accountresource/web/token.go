package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// tokenLife is how long a page may stay open before its forms are refused.
const tokenLife = 12 * time.Hour

// token proves that a form came from a page of ours that this admin was shown. It needs no session: it is an
// authenticated time of expiry and user name.
func (w *Web) token(admin Admin, now time.Time) string {
	expiry := strconv.FormatInt(now.Add(tokenLife).Unix(), 36)
	return expiry + "." + w.sign(expiry, admin.Username)
}

func (w *Web) sign(expiry, username string) string {
	mac := hmac.New(sha256.New, w.cfg.TokenKey)
	mac.Write([]byte(expiry + " " + username))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// genuine tells whether a form came from one of our pages. Browsers that say where a request comes from are believed
// when they say it comes from elsewhere.
func (w *Web) genuine(r *request) bool {
	if r.Get("Sec-Fetch-Site") == "cross-site" {
		return false
	}
	token := r.form["_csrf"]
	if token == "" {
		token = r.Get("X-CSRF-Token")
	}
	expiry, signature, _ := strings.Cut(token, ".")
	until, err := strconv.ParseInt(expiry, 36, 64)
	return err == nil && time.Now().Unix() < until &&
		hmac.Equal([]byte(signature), []byte(w.sign(expiry, r.admin.Username)))
}
