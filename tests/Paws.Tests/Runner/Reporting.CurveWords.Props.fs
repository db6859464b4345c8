module Paws.Tests.Runner.ReportingCurveWordsProps

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Runner.Reporting
open Paws.Runner.Reporting.Charts

let private config = {
    FsCheckConfig.defaultConfig with
        maxTest = 500
}

let private series (values: float seq) =
    let values = Seq.toArray values
    LineSeries(Name = "loss", X = Array.init values.Length float, Y = values)

let private words values = CurveWords.Of(series values)

/// Steps upward of very different sizes, some of them none.
let private rising =
    gen {
        let! steps = Gen.nonEmptyListOf (Gen.choose (0, 1000))
        let! power = Gen.choose (0, 4)
        let! start = Gen.choose (-500, 500)

        return
            steps
            |> List.scan (fun y step -> y + (float step / 100.0) ** float power) (float start / 10.0)
    }
    |> Arb.fromGen

let private anything =
    Gen.nonEmptyListOf (Gen.choose (-2000, 2000) |> Gen.map (fun i -> float i / 100.0))
    |> Arb.fromGen

let private says (verb: string) (text: string) =
    text.Split([| ' '; ',' |]) |> Array.contains verb

let private noisy seed amplitude length (trend: float -> float) =
    let random = Random seed

    [
        for i in 0 .. length - 1 -> trend (float i / float (length - 1)) + amplitude * (random.NextDouble() - 0.5)
    ]

[<Tests>]
let tests =
    testList "Runner.Reporting.CurveWords" [
        testPropertyWithConfig config "a curve that never goes down is never said to fall"
        <| Prop.forAll rising (fun ys ->
            let text = words ys
            not (says "fell" text) && (says "rose" text || text.StartsWith "stayed"))

        testPropertyWithConfig config "a curve that never goes up is never said to rise"
        <| Prop.forAll rising (fun ys ->
            let text = words (List.map (~-) ys)
            not (says "rose" text) && (says "fell" text || text.StartsWith "stayed"))

        testPropertyWithConfig config "the curve turned upside down does the opposite"
        <| Prop.forAll anything (fun ys ->
            let text, turned = words ys, words (List.map (~-) ys)

            let verbs (t: string) =
                t.Split(' ')
                |> Array.filter (fun w -> w = "rose" || w = "fell" || w = "stayed" || w = "moved" || w = "was")

            let opposite =
                function
                | "rose" -> "fell"
                | "fell" -> "rose"
                | other -> other

            verbs turned = Array.map opposite (verbs text))

        testPropertyWithConfig config "a curve said to rise ends above its start, one said to fall below it"
        <| Prop.forAll anything (fun ys ->
            let text = words ys
            let struct (means, _, _) = (series ys).Thin 40
            let parts = means.Y

            (not (text.StartsWith "rose from")
             || text.Contains "then fell"
             || parts[parts.Count - 1] > parts[0])
            && (not (text.StartsWith "fell from")
                || text.Contains "then rose"
                || parts[parts.Count - 1] < parts[0]))

        test "what is said of the kinds of curves that runs have" {
            for values, expected in
                [
                    [ 1.0; 2.0; 3.0 ], "rose from 1.00 to 3.00"
                    [ 3.0; 1.0 ], "fell from 3.00 to 1.00"
                    [ 1.79; 1.792; 1.791 ], "stayed near 1.79"
                    [ 0.0004; -0.0002; 0.0001 ], "stayed near 0.00"
                    [ 2.0 ], "was 2.00"
                    [], "was not measured"
                    [ nan; nan ], "was never a number"
                    [ 1.0; 2.0; nan; 3.0 ], "rose from 1.00 to 3.00, and was not a number once"
                    [ -1.0; -2.0 ], "fell from −1.00 to −2.00"
                    [ 0.0; 1.0; 2.0; 1.0; 0.1 ], "rose from 0.00 to 2.00 (step 2), then fell to 0.10"
                    [ 2.0; 1.0; 0.0; 1.0; 2.0 ], "fell from 2.00 to 0.00 (step 2), then rose to 2.00"
                    [ 0.0; 2.0; 1.0; 1.5 ], "rose from 0.00 to 1.50, with 2.00 at step 1 between them"
                ] do
                Expect.equal (words values) expected $"%A{values}"
        }

        test "noise around a level has no direction, and noise on a slope does not hide it" {
            for seed in 0..20 do
                let level = words (noisy seed 1.0 200 (fun _ -> 1.0))
                Expect.stringStarts level "moved between" level
                Expect.stringContains level "without a direction" level
                let slope = words (noisy seed 1.0 200 (fun x -> 4.0 - 3.0 * x))
                Expect.stringStarts slope "fell from" slope
        }

        test "the confidence of a collapsed run falls, that of one that learns rises after it fell" {
            let shrinks = [ for i in 0..100 -> 0.1 + 0.5 * exp (-float i / 3.0) ]
            Expect.stringStarts (words shrinks) "fell from" "collapsed"
            let learns = [ for i in 0..100 -> 0.1 + 0.5 * exp (-float i / 3.0) + 0.85 * float i / 100.0 ]
            Expect.stringStarts (words learns) "rose from" "learns"
        }
    ]
