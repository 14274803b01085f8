//! Every page over a pilot in which nothing has happened yet, and over names that try to break out.

use super::{Shared, live, router};
use crate::view::*;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use quantity::{Energy, Fen, Instant, Power, Price};
use std::sync::Arc;
use tower::ServiceExt as _;

const EVIL: &str = "<script>alert(1)</script>\"'&";
const CLASS: Word = Word { code: "residential", zh: "居民", en: "residential" };
const ID: &str = "000000000001";

struct Young;

fn step() -> PriceStep {
    let (from, until) = (Instant::EPOCH, Instant::from_unix_seconds(60));
    PriceStep { from, until, total: Price::ZERO, components: vec![], band: None }
}

fn row() -> MeterRow {
    let why = Text::same(EVIL);
    MeterRow {
        id: ID.into(),
        name: Text::same(EVIL),
        class: CLASS,
        state: MeterState::Trading,
        power: Power::ZERO,
        import_today: Energy::ZERO,
        export_today: Energy::ZERO,
        paid_today: Fen::ZERO,
        balance: Fen::ZERO,
        contract: String::new(),
        hold: HoldView { rule: Text::new("保电", "keep supply"), active: false, why },
    }
}

impl Console for Young {
    fn version(&self) -> u64 {
        0
    }

    fn overview(&self) -> Overview {
        let zero = Fen::ZERO;
        Overview {
            summary: Summary {
                scenario: Text::same(EVIL),
                at: Instant::EPOCH,
                speed: 0,
                meters: 0,
                meters_offline: 0,
                payments: 0,
                paid: zero,
                waiting: 0,
                energy: Energy::ZERO,
                conservation: Conservation { issued: zero, wallets: zero, checks: 0, failures: 0 },
            },
            power: PowerBalance::default(),
            money: MoneyBalance::default(),
            price: PriceNow { class: CLASS, now: step(), next: None },
            payments: vec![],
        }
    }

    fn day(&self) -> DayView {
        DayView::default()
    }

    fn meters(&self) -> Vec<MeterRow> {
        vec![row(); 250]
    }

    fn meter(&self, id: &str) -> Option<MeterPage> {
        (id == ID).then(|| MeterPage {
            at: Instant::EPOCH,
            phases: vec![],
            frequency_millihertz: 0,
            registers: vec![],
            hourly: vec![],
            daily: vec![],
            load: vec![],
            wallet: WalletView {
                id: EVIL.into(),
                balance: Fen::ZERO,
                limit_payment: Fen::ZERO,
                limit_day: Fen::ZERO,
                paid_today: Fen::ZERO,
                carried: quantity::Money::ZERO,
                waiting: 0,
                sequence: 0,
                hold: row().hold,
            },
            contract: ContractView::default(),
            signals: vec![],
            settlements: vec![],
            events: vec![],
            row: row(),
        })
    }

    fn payments(&self, _limit: usize) -> Vec<PaymentRow> {
        vec![]
    }

    fn trace(&self, _id: &str) -> Option<TraceView> {
        None
    }

    fn price(&self) -> PriceView {
        PriceView { at: Instant::EPOCH, curves: vec![], decision: None }
    }

    fn analysis(&self) -> AnalysisView {
        let suspicion = Word { code: "splitting", zh: "拆分交易", en: "split payments" };
        let alarm =
            AlarmRow { at: Instant::EPOCH, wallet: EVIL.into(), suspicion, amount: Fen::ZERO };
        AnalysisView { alarms_raised: 1, alarms: vec![alarm], ..AnalysisView::default() }
    }
}

async fn get(address: &str) -> (StatusCode, HeaderMap, String) {
    let console: Arc<dyn Console> = Arc::new(Young);
    let (feed, _publisher) = live::feed(Arc::clone(&console));
    let request = Request::get(address).body(Body::empty()).unwrap();
    let answer = router(Shared { console, feed }).oneshot(request).await.unwrap();
    let (head, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    (head.status, head.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_young_pilot_has_every_page() {
    let pages = ["/", "/meters", "/meters/000000000001", "/payments", "/price", "/analysis"];
    for page in pages {
        for lang in ["zh", "en"] {
            let (status, headers, body) = get(&format!("{page}?lang={lang}")).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            assert!(body.contains(&format!("<html lang=\"{lang}")), "{page}");
            assert!(!body.contains("<script>alert"), "{page} lets a name out of its text");
            assert!(!body.contains("style="), "{page} has a style that its policy forbids");
            assert!(headers[header::SET_COOKIE].to_str().unwrap().starts_with("lang="));
        }
        let twin = if page == "/" { "/api/overview".to_owned() } else { format!("/api{page}") };
        let (status, _, body) = get(&twin).await;
        assert_eq!(status, StatusCode::OK, "{twin}");
        serde_json::from_str::<serde_json::Value>(&body).unwrap();
    }
}

#[tokio::test]
async fn what_does_not_exist_is_not_found() {
    for page in
        ["/meters/2", "/payments/x-1", "/api/meters/2", "/api/payments/1", "/assets/x", "/x"]
    {
        assert_eq!(get(page).await.0, StatusCode::NOT_FOUND, "{page}");
    }
}

#[tokio::test]
async fn no_answer_lets_foreign_code_in() {
    for page in ["/", "/nowhere", "/api/overview", "/assets/console.css"] {
        let (_, headers, _) = get(page).await;
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{page}");
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{page}");
    }
}

#[tokio::test]
async fn the_fleet_comes_in_pages_and_filters() {
    let lines = |body: &str| body.matches("<th scope=\"row\">").count();
    assert_eq!(lines(&get("/meters").await.2), 100);
    assert_eq!(lines(&get("/meters?page=3").await.2), 50);
    assert_eq!(lines(&get("/meters?page=99&class=residential&state=trading&q=0001").await.2), 50);
    assert_eq!(lines(&get("/meters?state=sealed").await.2), 0);
    assert_eq!(get("/meters?page=minus").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn health_says_whether_the_money_adds_up() {
    let (status, _, body) = get("/healthz").await;
    assert_eq!((status, body.contains("\"ok\":true")), (StatusCode::OK, true));
}
