module Paws.Tests.Runner.ReportingFiguresProps

open System
open System.Xml.Linq
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Runner.Reporting.Charts
open Paws.Tests

let private config = {
    FsCheckConfig.defaultConfig with
        maxTest = 200
}

/// Names as arms and series have them, with what XML must not take as it is.
let private name =
    Gen.elements [
        "PAWS-NN"
        "a"
        "with ME-Max, 10 %"
        "SuNCEt & SimCLR < 500 epochs"
        "supervised only"
        "an arm with a \"long\" name, longer than most"
    ]

let private measured =
    Gen.frequency [
        12, Gen.choose (-500, 9990) |> Gen.map (fun v -> float v / 100.0)
        1, Gen.elements [ nan; infinity; -infinity ]
    ]

let private seeds = Gen.choose (0, 5) >>= fun n -> Gen.listOfLength n measured

let private row =
    gen {
        let! name = name
        let! seeds = seeds
        let! paper = Gen.oneof [ Gen.constant None; Gen.map Some measured ]
        return DotRow(name, Array.ofList seeds, Option.toNullable paper)
    }

let private dots =
    gen {
        let! count = Gen.choose (1, 9)
        let! rows = Gen.listOfLength count row

        return
            DotChart(
                Title = "Table 6 <ME-Max>",
                Unit = "top-1, %",
                Here = "here: CIFAR-10, 250 labels, 8 epochs",
                Paper = "paper: ImageNet",
                Rows = Array.ofList rows
            )
    }
    |> Arb.fromGen

let private seriesOf (log: bool) =
    gen {
        let! name = name
        let! count = Gen.choose (0, 40)
        let! steps = Gen.listOfLength count (Gen.choose (1, 900))
        let! values = Gen.listOfLength count seeds
        let x = steps |> List.scan (+) 1 |> List.tail |> List.map float
        let x = if log then x |> List.map (fun v -> v ** 1.7) else x
        return name, List.map2 (fun x (v: float list) -> SeedPoint(x, Array.ofList v)) x values
    }

let private series =
    gen {
        let! log = Gen.elements [ true; false ]
        let! count = Gen.choose (0, 6)
        let! lines = Gen.listOfLength count (seriesOf log)

        return
            SeriesChart(
                Title = "Figure 7 & more",
                XLabel = "labels",
                YLabel = "top-1, %",
                LogX = log,
                Series = [|
                    for i, (name, points) in List.indexed lines -> SeedSeries(Name = name, Hue = i, Points = Array.ofList points)
                |]
            )
    }
    |> Arb.fromGen

let private texts svg =
    SvgText.elements "text" (XElement.Parse svg) |> Seq.toList

/// No two texts on one line lie over each other.
let private apart (texts: XElement list) =
    texts
    |> List.map SvgText.extent
    |> List.groupBy (fun (_, _, y) -> y)
    |> List.forall (fun (_, line) ->
        line
        |> List.sort
        |> List.pairwise
        |> List.forall (fun ((_, right, _), (left, _, _)) -> right <= left))

let private curve points =
    points |> List.map (fun (x, y) -> struct (x, y)) |> List.toArray

let private valuesAt (s: SeedSeries) = [ for p in s.Points -> p.X, List.ofSeq p.Values ]

[<Tests>]
let tests =
    testList "Runner.Reporting.Figures.Charts" [
        testPropertyWithConfig config "dots: well-formed, everything inside, texts apart"
        <| Prop.forAll dots (fun chart ->
            let svg = chart.ToSvg()
            let outside = SvgText.outside svg
            Expect.isEmpty outside $"outside lie %A{outside}"
            Expect.isTrue (apart (texts svg)) $"texts touch: %A{List.map SvgText.extent (texts svg)}")

        testPropertyWithConfig config "dots: each finite seed is a dot, each finite number of the paper a diamond"
        <| Prop.forAll dots (fun chart ->
            let root = XElement.Parse(chart.ToSvg())

            let circles =
                chart.Rows
                |> Seq.sumBy (fun r ->
                    match r.Seeds |> Seq.filter Double.IsFinite |> Seq.length with
                    | 0 -> 0
                    | 1 -> 1
                    | n -> n + 1)

            let diamonds =
                chart.Rows
                |> Seq.filter (fun r -> r.Paper.HasValue && Double.IsFinite r.Paper.Value)
                |> Seq.length

            Seq.length (SvgText.elements "circle" root) = circles
            && Seq.length (SvgText.elements "polygon" root) = diamonds)

        testPropertyWithConfig config "series: well-formed, everything inside, texts apart"
        <| Prop.forAll series (fun chart ->
            let svg = chart.ToSvg()
            let outside = SvgText.outside svg
            Expect.isEmpty outside $"outside lie %A{outside}"
            Expect.isTrue (apart (texts svg)) $"texts touch: %A{List.map SvgText.extent (texts svg)}")

        testPropertyWithConfig config "a smoothed curve stays within its seeds and keeps few points"
        <| fun (values: NormalFloat list) ->
            let points = values |> List.mapi (fun i v -> float i, v.Get % 1e6)
            let other = points |> List.map (fun (x, y) -> x, y + 1.0)
            let smooth = SeedSeries.Smoothed("a", [| curve points; curve other |], most = 10)
            let ys = points |> List.map snd

            smooth.Points.Count <= 10
            && (points.IsEmpty || smooth.Points.Count > 0)
            && smooth.Points
               |> Seq.forall (fun p ->
                   p.Values.Count = 2
                   && p.Values[0] >= List.min ys - 1e-6
                   && p.Values[0] <= List.max ys + 1e-6
                   && abs (p.Values[1] - p.Values[0] - 1.0) < 1e-6)

        testCase "the paper's panel has an axis of its own"
        <| fun _ ->
            let chart paper =
                DotChart(Title = "t", Unit = "%", Here = "here", Rows = [| DotRow("a", [| 30.0; 32.0 |], paper); DotRow("b", [| 40.0 |]) |])

            let words (c: DotChart) = texts (c.ToSvg()) |> List.map _.Value
            Expect.contains (words (chart (Nullable 63.8))) "63.8" "the paper's number"
            Expect.contains (words (chart (Nullable 63.8))) "paper" "its panel"
            Expect.contains (words (chart (Nullable 63.8))) "31.0 (2.0)" "mean and range"
            Expect.isFalse (List.contains "paper" (words (chart (Nullable())))) "no panel without a number"

            // Ours stand where they stood: the paper's numbers do not stretch our axis.
            let circles (c: DotChart) =
                SvgText.elements "circle" (XElement.Parse(c.ToSvg()))
                |> Seq.map (fun e -> e.Attribute("cx").Value)
                |> Seq.toList

            Expect.equal (circles (chart (Nullable 99.0))) (circles (chart (Nullable()))) "same places"

        testCase "point by point: means of seeds at hours of their own, as long as the shortest"
        <| fun _ ->
            let joined =
                SeedSeries.PointByPoint("a", [| curve [ 1.0, 10.0; 2.0, 20.0; 3.0, 30.0 ]; curve [ 3.0, 14.0; 4.0, 26.0 ] |])

            Expect.equal (valuesAt joined) [ 2.0, [ 10.0; 14.0 ]; 3.0, [ 20.0; 26.0 ] ] "two points"

        testCase "a smoothed series ends with the shortest seed"
        <| fun _ ->
            let long = [ for i in 0..99 -> float i, 1.0 ]
            let short = [ for i in 0..49 -> float i, 2.0 ]
            let smooth = SeedSeries.Smoothed("a", [| curve long; curve short |])
            Expect.isLessThanOrEqual (smooth.Points |> Seq.map _.X |> Seq.max) 49.0 "no point beyond"
            Expect.isTrue (smooth.Points |> Seq.forall (fun p -> List.ofSeq p.Values = [ 1.0; 2.0 ])) "both everywhere"

        testCase "few abscissae are named on the axis, on a logarithmic one evenly by ratio"
        <| fun _ ->
            let scale = Scale.Over([ 40.0; 400.0; 4000.0; 0.0; nan ], true, 400.0)
            let labels = [ for struct (_, text) in scale.Ticks -> text ]
            Expect.equal labels [ "40"; "400"; "4000" ] "their own values"

            let first, middle, last =
                scale.Share.Invoke 40.0, scale.Share.Invoke 400.0, scale.Share.Invoke 4000.0

            Expect.floatClose Accuracy.high (middle - first) (last - middle) "equal ratios, equal steps"

        testCase "charts without anything measured are empty"
        <| fun _ ->
            Expect.isTrue (DotChart(Title = "", Unit = "", Here = "", Rows = [| DotRow("a", [| nan |]) |])).IsEmpty "dots"

            let series =
                SeriesChart(
                    Title = "",
                    XLabel = "",
                    YLabel = "",
                    LogX = true,
                    Series = [| SeedSeries(Name = "a", Points = [| SeedPoint(0.0, [| 1.0 |]) |]) |]
                )

            Expect.isTrue series.IsEmpty "0 has no logarithm"
    ]
