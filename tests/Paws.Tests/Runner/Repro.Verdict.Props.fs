module Paws.Tests.Runner.ReproVerdictProps

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Runner.Repro

let private above bound =
    ReproStatement(Says = "above", Above = Nullable bound)

let private below bound =
    ReproStatement(Says = "below", Below = Nullable bound)

let private within bound =
    ReproStatement(Says = "within", Within = Nullable bound)

/// Contrasts of 0 to 8 seeds, of a size that a bound in (−10, 10) can decide.
let private contrasts =
    Gen.choose (0, 8)
    |> Gen.bind (fun n ->
        Gen.choose (-10_000, 10_000)
        |> Gen.map (fun i -> float i / 1000.0)
        |> Gen.arrayOfLength n)

let private bound = Gen.choose (1, 9_000) |> Gen.map (fun i -> float i / 1000.0)

let private law name check =
    testPropertyWithConfig
        {
            FsCheckConfig.defaultConfig with
                maxTest = 300
        }
        name
        (Prop.forAll (Arb.fromGen (Gen.zip contrasts bound)) (fun (values, at) -> check values at))

let private outcome statement (values: float[]) = Verdict.Of(statement, values).Outcome

[<Tests>]
let laws =
    testList "Runner.Repro.verdict" [
        testCase "the interval of 1, 2, 3 is Student's with two degrees of freedom" (fun () ->
            let verdict = Verdict.Of(above 0.0, [| 1.0; 2.0; 3.0 |])
            // t(0.95, 2) = 2.919986, from tables; s = 1.
            Expect.floatClose Accuracy.medium verdict.Mean 2.0 "mean"
            Expect.floatClose Accuracy.medium verdict.Low (2.0 - 2.919986 / sqrt 3.0) "low"
            Expect.floatClose Accuracy.medium verdict.High (2.0 + 2.919986 / sqrt 3.0) "high"
            Expect.equal verdict.Outcome Outcome.Supported "above 0"
            Expect.equal (outcome (above 1.0) [| 1.0; 2.0; 3.0 |]) Outcome.Inconclusive "above 1"
            Expect.equal (outcome (above 4.0) [| 1.0; 2.0; 3.0 |]) Outcome.NotSupported "above 4"
            Expect.equal (outcome (within 4.0) [| 1.0; 2.0; 3.0 |]) Outcome.Supported "within 4"
            Expect.equal (outcome (within 0.2) [| 1.0; 2.0; 3.0 |]) Outcome.NotSupported "within 0.2")

        law "one seed decides nothing" (fun values at ->
            values.Length >= 2
            || List.forall (fun s -> outcome s values = Outcome.Inconclusive) [ above at; below at; within at ])

        law "above mirrored is below" (fun values at -> outcome (above at) values = outcome (below -at) (Array.map (~-) values))

        law "what is above a bound is not below it" (fun values at ->
            outcome (above at) values <> Outcome.Supported
            || outcome (below at) values = Outcome.NotSupported)

        law "within is above −bound and below bound" (fun values at ->
            (outcome (within at) values = Outcome.Supported) =
                (outcome (above -at) values = Outcome.Supported
                 && outcome (below at) values = Outcome.Supported))

        law "moving contrasts and bound together changes nothing" (fun values at ->
            // by a power of two and to the grid of the generator, so that sums stay exact enough
            let moved = Verdict.Of(above (at + 16.0), Array.map ((+) 16.0) values)
            let here = Verdict.Of(above at, values)

            moved.Outcome = here.Outcome
            || abs (here.Low - at) < 1e-9
            || abs (here.High - at) < 1e-9)

        testCase "where nothing differs, one claim in twenty is supported" (fun () ->
            let random = Random 7

            let normal () =
                sqrt (-2.0 * log (1.0 - random.NextDouble()))
                * cos (2.0 * Math.PI * random.NextDouble())

            let rounds = 4000

            let supported =
                Seq.init rounds (fun _ -> outcome (above 0.0) (Array.init 3 (fun _ -> normal ())))
                |> Seq.filter ((=) Outcome.Supported)
                |> Seq.length

            // 5 % ± 4 standard deviations of a binomial count
            Expect.isTrue (abs (float supported / float rounds - 0.05) < 0.0138) $"{supported} of {rounds}")

        testCase "all parts make a claim, one breaks it" (fun () ->
            let yes, no, unknown = Outcome.Supported, Outcome.NotSupported, Outcome.Inconclusive
            Expect.equal (Verdict.All [| yes; yes |]) yes "all"
            Expect.equal (Verdict.All [| yes; unknown |]) unknown "one unknown"
            Expect.equal (Verdict.All [| yes; unknown; no |]) no "one not"
            Expect.equal (Verdict.All [||]) unknown "none")

        testCase "a statement says where, once" (fun () ->
            for wrong in
                [
                    ReproStatement(Says = "nothing")
                    ReproStatement(Says = "two", Above = Nullable 0.0, Below = Nullable 1.0)
                    ReproStatement(Says = "no width", Within = Nullable 0.0)
                ] do
                Expect.throwsC (fun () -> Verdict.Of(wrong, [| 1.0; 2.0 |]) |> ignore) (fun e ->
                    Expect.stringContains e.Message wrong.Says "named"))
    ]
