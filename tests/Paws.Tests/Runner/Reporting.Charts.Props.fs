module Paws.Tests.Runner.ReportingChartsProps

open System
open System.Xml.Linq
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Runner.Reporting.Charts

let config = {
    FsCheckConfig.defaultConfig with
        maxTest = 300
}

/// Ranges as data have them: any sign and size from 1e-6 to 1e9, and lengths from a hair to many times the value.
let range =
    gen {
        let! size = Gen.choose (-6, 9)
        let! a = Gen.choose (-1000, 1000)
        let! length = Gen.choose (0, 5000)
        let scale = 10.0 ** float size / 1000.0
        return float a * scale, (float a + float length / 2.0) * scale
    }
    |> Arb.fromGen

let isRound (step: float) =
    let mantissa = step / 10.0 ** Math.Floor(Math.Log10 step + 1e-9)
    [ 1.0; 2.0; 5.0 ] |> List.exists (fun m -> abs (mantissa - m) < 1e-6)

let onGrid (axis: Axis) =
    axis.Ticks
    |> Seq.forall (fun t -> abs (t / axis.Step - Math.Round(t / axis.Step)) < 1e-6)

let series name points =
    LineSeries(Name = name, X = (points |> Array.map fst), Y = (points |> Array.map snd))

let chart lines =
    LineChart(
        Title = "A < B & \"C\"",
        XLabel = "step",
        YLabel = "nats",
        Series = lines,
        References = [| ReferenceLine(-2.3, "−log 10 < 0") |]
    )

[<Tests>]
let tests =
    testList "Runner.Reporting.Charts" [
        testPropertyWithConfig config "a covering axis begins and ends on ticks at or beyond both values"
        <| Prop.forAll range (fun (low, high) ->
            let axis = Axis.Covering(low, high)
            let slack = 1e-6 * axis.Step

            axis.Ticks[0] <= low + slack
            && axis.Ticks[axis.Ticks.Count - 1] >= high - slack
            && axis.Low <= low
            && axis.High >= high)

        testPropertyWithConfig config "ticks are multiples of 1, 2 or 5 times a power of ten, three to ten of them"
        <| Prop.forAll range (fun (low, high) ->
            let axis = Axis.Covering(low, high)

            isRound axis.Step
            && onGrid axis
            && axis.Ticks.Count >= 3
            && axis.Ticks.Count <= 10)

        testPropertyWithConfig config "the ticks of an exact axis lie inside it"
        <| Prop.forAll range (fun (low, high) ->
            let axis = Axis.Inside(low, high)
            let slack = 1e-6 * axis.Step

            isRound axis.Step
            && onGrid axis
            && axis.Ticks
               |> Seq.forall (fun t -> t >= axis.Low - slack && t <= axis.High + slack))

        testPropertyWithConfig config "no two ticks have the same label"
        <| Prop.forAll range (fun (low, high) ->
            let axis = Axis.Covering(low, high)
            // Labels keep three digits at most for very small and very large values, so a hair's breadth far from zero may repeat.
            let largest = max (abs axis.Low) (abs axis.High)
            let labels = axis.Ticks |> Seq.map axis.Label |> Seq.toList
            axis.Step < 1e-2 * largest || List.distinct labels = labels)

        testPropertyWithConfig config "thinning keeps few points, and each mean between its least and largest"
        <| fun (values: NormalFloat list) ->
            let points = values |> Seq.mapi (fun i v -> float i, v.Get % 1e6) |> Seq.toArray
            let struct (means, least, largest) = (series "a" points).Thin 10

            means.X.Count = min 10 points.Length
            && Seq.forall2 (fun low mean -> low <= mean + 1e-6) least means.Y
            && Seq.forall2 (fun mean high -> mean <= high + 1e-6) means.Y largest

        testPropertyWithConfig config "any line draws as well-formed XML without NaN or infinite coordinates"
        <| fun (values: float list) ->
            let points = values |> Seq.mapi (fun i v -> float i, v) |> Seq.toArray
            let drawn = (chart [| series "one & only" points |]).ToSvg()
            let root = XElement.Parse drawn
            // Coordinates are written by one function; a value that is not finite would show as text.
            let numbers =
                root.Descendants()
                |> Seq.collect (fun e -> e.Attributes())
                |> Seq.filter (fun a -> a.Name.LocalName <> "style")

            root.Name.LocalName = "svg"
            && numbers
               |> Seq.forall (fun a -> not (a.Value.Contains "NaN") && not (a.Value.Contains "∞"))

        testCase "values at the edge of what a number can hold still draw"
        <| fun _ ->
            for value in [ Double.MaxValue; Double.MinValue; Double.Epsilon; 1e-300 ] do
                let axis = Axis.Covering(value, value)
                Expect.isTrue (axis.High > axis.Low && axis.Ticks |> Seq.forall Double.IsFinite) $"{value}"
                Expect.isFalse ((chart [| series "a" [| 0.0, value; 1.0, -value |] |]).ToSvg().Contains "NaN") $"{value}"

        testCase "labels of common axes"
        <| fun _ ->
            let labels (axis: Axis) = [ for t in axis.Ticks -> axis.Label t ]
            Expect.equal (labels (Axis.Covering(0, 100))) [ "0"; "20"; "40"; "60"; "80"; "100" ] "percent"
            Expect.equal (labels (Axis.Covering(-2.3, 2.1))) [ "−3"; "−2"; "−1"; "0"; "1"; "2"; "3" ] "loss"
            Expect.equal (labels (Axis.Covering(0, 0.9))) [ "0"; "0.2"; "0.4"; "0.6"; "0.8"; "1.0" ] "confidence"
            Expect.equal (labels (Axis.Inside(0, 60000))) [ "0"; "10k"; "20k"; "30k"; "40k"; "50k"; "60k" ] "steps"

        testCase "a line breaks where a value is not finite"
        <| fun _ ->
            let drawn =
                (chart [| series "a" [| 0.0, 1.0; 1.0, 2.0; 2.0, nan; 3.0, 1.0; 4.0, 2.0 |] |]).ToSvg()

            let path =
                XElement.Parse(drawn).Descendants()
                |> Seq.find (fun e -> e.Name.LocalName = "path")

            let strokes = path.Attribute("d").Value |> Seq.filter ((=) 'M') |> Seq.length
            Expect.equal strokes 2 "two strokes"

        testCase "a chart without finite values is empty"
        <| fun _ ->
            Expect.isTrue (chart [||]).IsEmpty "no series"
            Expect.isTrue (chart [| series "a" [| 0.0, nan |] |]).IsEmpty "no finite value"
    ]
