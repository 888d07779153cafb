//go:build integration

package integration_test

import (
	"io/fs"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
	"github.com/mailpanel/account-resource/locales"
)

// demo is the panel with its fake directory and a resource for that, number 1.
func demo(tb testing.TB) *panel {
	tb.Helper()
	return startPanel(tb, settings{"PANEL_DB": "", "PANEL_DIRECTORY": "", "PANEL_SIGNIN_LISTEN": "127.0.0.1:0"})
}

// TestBrowserForms walks through every page and state of the forms in some languages: one with Latin letters, one from
// right to left, one without blanks between words. No page has barriers, scrolls sideways at any width or moves while
// it is loaded.
func TestBrowserForms(t *testing.T) {
	p := demo(t)
	(&source{p: p, id: "1"}).succeeded() // there are accounts to speak of
	for _, language := range []string{"en_US", "de", "ar", "ja"} {
		if _, err := fs.Stat(locales.FS, language+".json"); err != nil {
			continue
		}
		t.Run(language, func(t *testing.T) {
			b := newBrowser(t, p.url)
			b.signIn()
			b.speak(language)
			direction := map[bool]string{true: "rtl", false: "ltr"}[language == "ar"]
			walk(b, func(name string) {
				assert.Equal(t, direction, evaluate[string](b, "document.documentElement.dir"), name)
				b.still(name)
				b.accessible(name)
				b.shot("forms-" + language + "-" + name)
			})
			b.open("/users")
			b.click(`td a`)
			assert.Contains(t, b.text(), "Managed in the directory")
			b.accessible("panel-user")
			b.shot("forms-" + language + "-panel-user")
			assert.Empty(t, b.complaints())
		})
	}
}

// TestBrowserFormsWithoutScript is the same way with script turned off.
func TestBrowserFormsWithoutScript(t *testing.T) {
	b := newBrowser(t, demo(t).url)
	b.signIn()
	b.script(false)
	walk(b, func(string) {})
}

// speak chooses a language in the panel's header.
func (b *browser) speak(language string) {
	b.tb.Helper()
	b.open(prefix)
	b.do(chromedp.SetValue(chromedp.CSS("[name=language]"), language))
	b.click(`form[action="/language"] button`)
}

// walk leads an admin through the forms, by what the pages have in every language.
func walk(b *browser, seen func(name string)) {
	b.tb.Helper()
	own := prefix + "/1"
	status := func(want int64, selector string) {
		b.tb.Helper()
		require.EqualValues(b.tb, want, b.click(selector), selector)
	}
	const test, save = `.ar-bar button[formaction$="/test"]`, `.ar-bar button:not([formaction])`
	b.open(prefix)
	seen("list")

	b.click(`button[value=activedirectory]`)
	seen("new")
	b.fill("host", "ldap://dc1.corp.example")
	b.fill("port", "0")
	status(422, save)
	assert.Equal(b.tb, "true", evaluate[string](b, `document.querySelector("[name=port]").getAttribute("aria-invalid")`))
	seen("errors")
	added := evaluate[string](b, `location.pathname.replace(/\/connection$/, "")`)

	b.open(own)
	seen("connection")
	b.empty("ca_certificate")
	status(422, test)
	seen("password") // the stored one is for the certificate that was trusted
	b.fill("bind_dn", "administrator@corp.example")
	b.fill("bind_password", fakead.AdminPassword)
	status(422, test)
	seen("certificate")
	status(200, `button[name=trust]`)
	seen("trusted")
	b.open(own)
	base := evaluate[string](b, `document.querySelector("[name=base_dn]").value`)
	b.empty("base_dn")
	status(422, test)
	seen("proposal")
	status(200, `button[name=use]`)
	assert.NotEqual(b.tb, base, evaluate[string](b, `document.querySelector("[name=base_dn]").value`))
	b.open(own)
	b.empty("base_dn")
	status(200, `.ar-with button`)
	assert.NotEmpty(b.tb, evaluate[string](b, `document.querySelector("[name=base_dn]").value`))
	seen("proposed")

	b.open(own + "?tab=replication")
	seen("replication")
	b.check("delete", true)
	b.check("groups", true)
	b.fill("max_removals", "7")
	status(200, save)
	assert.Equal(b.tb, "7", evaluate[string](b, `document.querySelector(".ar-effect [data-value=Max]").textContent`))
	assert.Equal(b.tb, "delete", evaluate[string](b, `document.querySelector(".ar-effect [aria-current]").dataset.choice`))
	b.fill("interval", "never")
	status(422, save)
	seen("replication-errors")
	b.open(own + "?tab=users")
	seen("users")
	status(200, test)
	seen("users-found")
	b.open(own + "?tab=groups")
	status(200, test)
	seen("groups-found")
	b.fill("group_filter", "(mail=*")
	status(422, test)
	seen("groups-error")
	b.open(own + "?tab=users")
	status(200, `button[formaction$="/preview"]`)
	seen("preview")

	b.open(own + "?tab=signin")
	b.do(chromedp.SetValue(chromedp.CSS("[name=signin]"), "directory"))
	status(200, save)
	b.fill("try_address", "anna.andersen@corp.example")
	b.fill("try_password", "no-password-of-hers")
	status(200, `form[action$="/signin/try"] button`)
	assert.Equal(b.tb, "anna.andersen@corp.example", evaluate[string](b, `document.querySelector("[name=try_address]").value`))
	assert.Empty(b.tb, evaluate[string](b, `document.querySelector("[name=try_password]").value`))
	assert.NotEmpty(b.tb, evaluate[string](b, `document.querySelector("[data-verdict]").dataset.verdict`))
	seen("signin-tried")
	b.click(`.ar-signin .ar-choices li:last-child a`)
	assert.Contains(b.tb, b.text(), "COPY-FROM-IREDMAIL", "of Dovecot 2.4")

	b.click(`a[href="` + own + `/log"]`)
	seen("log")
	b.open(prefix + "/999")
	seen("message")
	b.open(prefix)
	b.do(chromedp.Click(chromedp.CSS(`li[data-resource="` + added[len(prefix)+1:] + `"] summary`)))
	b.click(`form[action="` + added + `/delete"] button`)
	seen("deleted")
}

// empty clears a field.
func (b *browser) empty(name string) {
	b.tb.Helper()
	b.do(chromedp.Clear(chromedp.CSS(`[name="` + name + `"]`)))
}

// Choices that make others pointless grey them out and keep what they say; numbers follow what is typed.
func TestBrowserChoicesSayWhatTheyDo(t *testing.T) {
	b := newBrowser(t, demo(t).url)
	b.signIn()
	b.open(prefix + "/1?tab=replication")
	off := func(name string) bool {
		return evaluate[bool](b, `document.querySelector("[name=`+name+`]").disabled`)
	}
	now := func() string {
		return evaluate[string](b, `document.querySelector(".ar-effect [aria-current]").dataset.choice`)
	}
	assert.Equal(t, []any{false, true, true, "disable"}, []any{off("disable_removed"), off("keep_days"), off("delete_app_data"), now()})
	b.check("delete", true)
	assert.Equal(t, []any{true, false, false, "delete"}, []any{off("disable_removed"), off("keep_days"), off("delete_app_data"), now()})
	b.fill("max_removals", "12345")
	assert.Equal(t, "12,345", evaluate[string](b, `document.querySelector(".ar-effect [data-value=Max]").textContent`))
	b.fill("keep_days", "30")
	b.click(`.ar-bar button:not([formaction])`)
	b.check("delete", false)
	assert.Equal(t, "disable", now(), "the choice is still there")
	assert.Equal(t, "30", evaluate[string](b, `document.querySelector("[name=keep_days]").value`))
}
