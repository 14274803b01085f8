//! Language and appearance of one request: the address first, then the cookie, then the browser.

use axum::http::{HeaderMap, Uri, header};

/// Language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lang {
    Zh,
    En,
}

impl Lang {
    /// The value of the `lang` attribute.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The value in addresses and cookies.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        match code {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }
}

/// Appearance of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// The value in addresses, cookies and the style sheet.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        match code {
            "auto" => Some(Self::Auto),
            "light" => Some(Self::Light),
            "dark" => Some(Self::Dark),
            _ => None,
        }
    }
}

/// What one reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefs {
    pub(super) lang: Lang,
    pub(super) theme: Theme,
}

impl Prefs {
    /// Reads the wishes of a request; Chinese if it says nothing.
    pub(super) fn read(uri: &Uri, headers: &HeaderMap) -> Self {
        let query = uri.query().unwrap_or("");
        let lang = parameter(query, "lang")
            .and_then(Lang::from_code)
            .or_else(|| cookie(headers, "lang").and_then(Lang::from_code))
            .or_else(|| accepted(headers))
            .unwrap_or(Lang::Zh);
        let theme = parameter(query, "theme")
            .and_then(Theme::from_code)
            .or_else(|| cookie(headers, "theme").and_then(Theme::from_code))
            .unwrap_or(Theme::Auto);
        Self { lang, theme }
    }

    /// The cookies that keep what the address asked for.
    pub(super) fn cookies(self, uri: &Uri) -> Vec<String> {
        let query = uri.query().unwrap_or("");
        let keep = |name: &str, value: &str| {
            format!("{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly")
        };
        let lang = parameter(query, "lang").map(|_| keep("lang", self.lang.code()));
        let theme = parameter(query, "theme").map(|_| keep("theme", self.theme.code()));
        lang.into_iter().chain(theme).collect()
    }
}

/// The query without language and appearance, ending in `&` unless it is empty.
pub(super) fn rest_of_query(uri: &Uri) -> String {
    let pairs = uri.query().unwrap_or("").split('&');
    let own =
        |pair: &&str| !pair.is_empty() && !pair.starts_with("lang=") && !pair.starts_with("theme=");
    pairs.filter(own).map(|pair| format!("{pair}&")).collect()
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter();
    all.filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The first of our languages in the order of the header; browsers send it by falling weight.
fn accepted(headers: &HeaderMap) -> Option<Lang> {
    let value = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    value.split(',').find_map(|range| Lang::from_code(range.trim().get(..2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, cookie: Option<&str>, accept: Option<&str>) -> Prefs {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::COOKIE, cookie), (header::ACCEPT_LANGUAGE, accept)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        Prefs::read(&uri.parse().unwrap(), &headers)
    }

    #[test]
    fn the_address_wins_over_the_cookie_and_the_cookie_over_the_browser() {
        assert_eq!(read("/", None, None).lang, Lang::Zh);
        assert_eq!(read("/", None, Some("fr, en-GB;q=0.8, zh;q=0.1")).lang, Lang::En);
        assert_eq!(read("/", Some("theme=dark; lang=zh"), Some("en")).lang, Lang::Zh);
        assert_eq!(read("/?lang=en", Some("lang=zh"), Some("zh")).lang, Lang::En);
        assert_eq!(read("/?a=1&theme=light", Some("theme=dark"), None).theme, Theme::Light);
    }

    #[test]
    fn what_is_not_offered_is_passed_over() {
        assert_eq!(read("/?lang=tlh&theme=pink", Some("lang"), Some("é")).lang, Lang::Zh);
        assert_eq!(read("/?lang=%00", None, None).theme, Theme::Auto);
    }

    #[test]
    fn the_other_parameters_stay() {
        let uri: Uri = "/meters?q=a&lang=en&theme=dark&page=2".parse().unwrap();
        assert_eq!(rest_of_query(&uri), "q=a&page=2&");
        let prefs = Prefs::read(&uri, &HeaderMap::new());
        assert_eq!(prefs.cookies(&uri).len(), 2);
        assert!(prefs.cookies(&"/meters".parse().unwrap()).is_empty());
    }
}
