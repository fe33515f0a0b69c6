//! An application with a store of its own: accounts, each with its bookings, as a shop's database
//! might hand them over. One `impl` plugs it in.

use std::collections::BTreeMap;

use segmentry::blueprint::Blueprint;
use segmentry::data::{
    Amounts, Batch, Batches, CustomerHistory, HistorySpec, IdColumn, RowOrder, ScanRequest,
    SourceError, Times, TransactionSource,
};
use segmentry::strategy::{Candidate, CpMap, Ineligible, Lever, Offer};
use segmentry::treatment::{
    Assignments, Channel, ContactPolicy, Rule, Scheduler, Sequence, Step, TreatmentPlan,
};
use segmentry::units::{ChannelId, Date, Days, Estimate, LeverId, Money};
use segmentry::work::Work;

/// Bookings by account: the day and the cents.
struct Shop(BTreeMap<i64, Vec<(i32, i64)>>);

impl TransactionSource for Shop {
    fn order(&self) -> RowOrder {
        RowOrder::Customer // a map of accounts gives each account's bookings together
    }

    fn scan(&self, _partition: usize, _request: &ScanRequest) -> Result<Batches<'_>, SourceError> {
        Ok(Batches::new(self.0.iter().map(|(&account, bookings)| {
            let (days, cents): (Vec<i32>, Vec<i64>) = bookings.iter().copied().unzip();
            let accounts = IdColumn::integers(vec![account; days.len()]);
            let amounts = Amounts::Minor { units: cents.into(), digits: 2 };
            Ok(Batch::new(accounts, Times::Days(days.into()), amounts)?)
        })))
    }
}

/// A strategy of the shop's own: a card for those who have not come for a fortnight.
struct Card;

const CARD: LeverId = LeverId::of("card");

impl Lever for Card {
    fn id(&self) -> LeverId {
        CARD
    }

    fn offer(&self, customer: &Candidate<'_>) -> Result<Offer, Ineligible> {
        if customer.worth().days_since_last < Days::weeks(2) {
            return Err(Ineligible::because("came within a fortnight"));
        }
        let works = Estimate::assumed(0.5).map_err(|_| Ineligible::because("no estimate"))?;
        Ok(Offer::new(works).purchases(1.5).contact_cost(Money::from_minor(70, 2)))
    }

    fn why(&self, customer: &Candidate<'_>) -> String {
        format!("not seen for {}", customer.worth().days_since_last)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let monday = Date::from_ymd(2026, 1, 5)?.day_number();
    let account = |n: i64| {
        let bookings = (0..1 + n % 7).map(|i| (monday + (i * (3 + n % 11)) as i32, 500 + 37 * n));
        (1000 + n, bookings.collect())
    };
    let shop = Shop((0..500).map(account).collect());

    let history = CustomerHistory::read(&shop, &HistorySpec::new(), &Work::new())?;
    assert_eq!((history.n_customers(), history.purchases(6)), (500, 7));
    assert_eq!(history.gross(6).amount(), 7.0 * 7.22);

    let result = Blueprint::new().build(&shop, &Work::new())?;
    assert_eq!(result.strategies().ids().len(), 500);

    // The same with the shop's own card, within a budget, and the mailing that follows from it.
    let strategy = CpMap::none().with(Card).budget(Money::new(20.0)?);
    let result = Blueprint::new().strategy(strategy).build(&shop, &Work::new())?;
    let plan = result.strategies();
    let budgeting = plan.budgeting().ok_or("there is a budget")?;
    assert!(budgeting.limits[0].used <= 20.0 && budgeting.bound >= budgeting.gain);
    let post = ChannelId::of("post");
    let sequence = Sequence::new("come_again", [post.clone()]).step(Step::after(Days::new(0)));
    let channels = vec![Channel::new(post.clone(), Money::from_minor(70, 2))];
    let mailing = TreatmentPlan::new(channels, vec![Rule::new(CARD, sequence)])?;
    assert!(mailing.validate().is_empty());
    let schedule = Scheduler::new(&mailing, Date::from_ymd(2026, 4, 1)?, Days::weeks(4))
        .policy(&ContactPolicy::new().without_consent(post))
        .schedule(&Assignments::from_plan(plan, &Work::new())?, &Work::new())?;
    assert_eq!(schedule.summary().contacts as usize, budgeting.acting);
    println!("{} customers get a card", budgeting.acting);
    println!("{} customers, each with a strategy", history.n_customers());
    Ok(())
}
