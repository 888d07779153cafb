package accountresource_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sendBody posts bytes as they are.
func (h *host) sendBody(path, media, encoding string, body []byte, headers ...string) answer {
	h.t.Helper()
	request := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	request.Header.Set("X-Who", h.as)
	for name, value := range map[string]string{"Content-Type": media, "Content-Encoding": encoding} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := h.app.Test(request, -1)
	require.NoError(h.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(h.t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

// token is the one that the pages give.
func (h *host) token() string {
	h.t.Helper()
	found := tokenField.FindStringSubmatch(h.get("/account-resources").body)
	require.NotNil(h.t, found)
	return found[1]
}

// bombs are forms that unpack to 50 MB, by their coding.
func bombs(t *testing.T, before string) map[string][]byte {
	t.Helper()
	packers := map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(to io.Writer) io.WriteCloser { return gzip.NewWriter(to) },
		"deflate": func(to io.Writer) io.WriteCloser { return zlib.NewWriter(to) },
	}
	packed, block := make(map[string][]byte), bytes.Repeat([]byte("x"), 1<<20)
	for coding, packer := range packers {
		var body bytes.Buffer
		to := packer(&body)
		_, err := io.WriteString(to, before)
		require.NoError(t, err)
		for range 50 {
			_, err := to.Write(block)
			require.NoError(t, err)
		}
		require.NoError(t, to.Close())
		packed[coding] = body.Bytes()
	}
	packed["br"] = packed["gzip"] // it must not even be looked at
	packed["gzip, identity"], packed["x-gzip"], packed["GZIP"] = packed["gzip"], packed["gzip"], packed["gzip"]
	return packed
}

// allocated is what a call takes of memory, whether it is given back or not.
func allocated(call func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	call()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestACompressedFormIsNeverInflated(t *testing.T) {
	h := newHost(t)
	base := h.add()
	token := h.token()
	var most uint64
	const boundary = "7d29a8f0"
	forms := map[string]string{
		"application/x-www-form-urlencoded":         "_csrf=" + token + "&host=",
		"multipart/form-data; boundary=" + boundary: "--" + boundary + "\r\nContent-Disposition: form-data; name=\"host\"\r\n\r\n",
	}
	answers := map[string]int{"nobody": http.StatusFound, "domain": http.StatusForbidden, "global": http.StatusUnsupportedMediaType}
	for media, before := range forms {
		for coding, body := range bombs(t, before) {
			for role, status := range answers {
				for _, with := range []string{"", token} {
					h.as = role
					var a answer
					used := allocated(func() { a = h.sendBody(base+"/connection", media, coding, body, "X-CSRF-Token", with) })
					assert.Equal(t, status, a.status, "%s %s %s", role, coding, media)
					most = max(most, used)
					assert.Less(t, used, uint64(6<<20), "%s %s %s: %d bytes were sent", role, coding, media, len(body))
				}
			}
		}
	}
	t.Logf("%d kB at most for a request", most>>10)
	h.as = "global"
	a := h.sendBody(base+"/connection", "application/x-www-form-urlencoded", "gzip", nil, "Accept", "application/json")
	assert.JSONEq(t, `{"error": "Compressed forms are not accepted. Send the form without a Content-Encoding."}`, a.body)
}

func TestOnlyFormsAreParsed(t *testing.T) {
	h := newHost(t)
	base := h.add()
	token := h.token()
	var parts bytes.Buffer
	multi := multipart.NewWriter(&parts)
	require.NoError(t, multi.WriteField("_csrf", token))
	require.NoError(t, multi.WriteField("interval", "7"))
	require.NoError(t, multi.Close())
	plain := "_csrf=" + token + "&interval=7"
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		media, encoding, body string
		headers               []string
		status                int
	}{
		"JSON":                        {"application/json", "", `{"_csrf": "` + token + `"}`, nil, 415},
		"text":                        {"text/plain", "", plain, nil, 415},
		"a body of no type":           {"", "", plain, nil, 415},
		"a broken multipart form":     {"multipart/form-data", "", plain, nil, 400},
		"nothing, but a token":        {"", "", "", []string{"X-CSRF-Token", token}, 303},
		"a form":                      {form, "", plain, nil, 303},
		"with a character set":        {form + "; charset=utf-8", "", plain, nil, 303},
		"in capitals":                 {"Application/X-WWW-Form-URLencoded", "", plain, nil, 303},
		"identity":                    {form, "identity", plain, nil, 303},
		"multipart":                   {multi.FormDataContentType(), "", parts.String(), nil, 303},
		"multipart identity":          {multi.FormDataContentType(), "Identity", parts.String(), nil, 303},
		"a wrong token in the header": {form, "", plain, []string{"X-CSRF-Token", "x." + token}, 403},
		"too many values":             {form, "", plain + strings.Repeat("&a", 100_000), nil, 413},
		"NUL":                         {form, "", plain + "&host=a%00b", nil, 400},
		"no UTF-8":                    {form, "", plain + "&host=%ff%fe", nil, 400},
		"no UTF-8 in a name":          {form, "", plain + "&%ff=a", nil, 400},
	} {
		a := h.sendBody(base+"/replication", c.media, c.encoding, []byte(c.body), c.headers...)
		assert.Equal(t, c.status, a.status, "%s: %s", name, a.body)
	}
	assert.NotContains(t, h.log.String(), "level=ERROR")
}

// The host may let longer bodies through, or leave them to be read.
func TestALongBodyIsRefusedWhateverTheHostAllows(t *testing.T) {
	for name, config := range map[string]fiber.Config{
		"long":              {BodyLimit: 100 << 20},
		"streamed":          {BodyLimit: 100 << 20, StreamRequestBody: true},
		"not parsed before": {BodyLimit: 100 << 20, StreamRequestBody: true, DisablePreParseMultipartForm: true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHostWith(t, config)
			base := h.add()
			token := h.token()
			const form = "application/x-www-form-urlencoded"
			body := []byte("_csrf=" + token + "&host=" + strings.Repeat("x", 5<<20))
			assert.Equal(t, 413, h.sendBody(base+"/replication", form, "", body).status)
			body = []byte("_csrf=" + token + "&host=" + strings.Repeat("x", 3<<20))
			assert.Equal(t, 303, h.sendBody(base+"/replication", form, "", body).status)
		})
	}
}
