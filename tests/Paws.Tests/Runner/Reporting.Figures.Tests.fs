module Paws.Tests.Runner.ReportingFiguresTests

open System
open System.IO
open System.Text.Json.Nodes
open System.Text.RegularExpressions
open System.Xml.Linq
open Expecto
open MathNet.Numerics.LinearAlgebra
open SkiaSharp
open Paws.Reference
open Paws.Runner.Config
open Paws.Runner.Reporting
open Paws.Runner.Reporting.Figures
open Paws.Runner.Training
open Paws.Tests

let private pixels (png: byte[]) =
    use bitmap = SKBitmap.Decode png
    bitmap.Width, bitmap.Height, bitmap.Pixels

let private log seed length =
    MetricsReader.Parse [
        for i in 0 .. length - 1 do
            $"""{{"phase":"paws","step":{i},"epoch":{float i / 10.0},"seconds":{i},"loss":1,"cross_entropy":{2.0 - float i / 100.0 + seed},"target_confidence":0.5,"instance_discrimination":3,"support_classification":1}}"""
    ]

let private expectInside svg what =
    let outside = SvgText.outside svg
    Expect.isEmpty outside $"{what}: outside lie %A{outside}"

let private words svg =
    SvgText.elements "text" (XElement.Parse svg) |> Seq.map _.Value |> Seq.toList

/// Largest difference of two distributions.
let private apart (a: float seq) (b: float seq) =
    Seq.map2 (fun x y -> abs (x - y)) a b |> Seq.max

let private numbers (node: JsonNode) =
    node.AsArray() |> Seq.map (fun v -> v.GetValue<float>()) |> Seq.toArray

/// A step of a fresh encoder on the built-in images.
let private takeStep more check =
    let config =
        ConfigLoader.Load(
            sets = [
                "data.shapes_train=60"
                "data.shapes_test=20"
                "data.labels_per_class=3"
                "data.multicrop=1"
                "data.workers=1"
                "criterion.supervised_imgs_per_class=2"
                "criterion.unsupervised_batch_size=5"
                "meta.model_name=wide_resnet10w1"
                "meta.output_dim=16"
                "meta.use_fp16=false"
                "meta.device=cpu"
                yield! more
            ]
        )
        |> DatasetDefaults.Resolve

    use setting =
        RunSetting.Open(config, CommandConsole.ForProcess(true, TextWriter.Null, TextWriter.Null))

    use encoder = setting.NewEncoder()

    let state () = [
        for t in Seq.append (encoder.NamedParameters()) (encoder.NamedBuffers()) -> t.Value.detach().cpu().contiguous().bytes.ToArray()
    ]

    encoder.Eval()
    let before = state ()
    let step = StepPictures.Take(setting, encoder, 1, 3)
    Expect.isTrue (state () = before && not encoder.Training) "the encoder is as it was"
    check setting step

[<Tests>]
let tests =
    testList "Runner.Reporting.Figures" [
        testCase "a drawing becomes a PNG of its size times the scale"
        <| fun _ ->
            let svg =
                """<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20" viewBox="0 0 30 20"><rect x="0" y="0" width="30" height="20" style="fill:#ffffff"/><rect x="10" y="5" width="10" height="10" style="fill:#d6484e"/></svg>"""

            let width, height, colours = pixels (SvgImage.ToPng(svg, 2.5))
            Expect.equal (width, height) (75, 50) "size"
            Expect.equal colours[25 * 75 + 37] (SKColor(0xD6uy, 0x48uy, 0x4Euy)) "the middle"
            Expect.equal colours[0] SKColors.White "the ground"

        testCase "text is in the PNG, or the machine is said to have no font"
        <| fun _ ->
            let svg =
                """<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20" font-family="system-ui, sans-serif" font-size="12"><text x="2" y="14" text-anchor="start" style="fill:#000000;font-weight:600">ρ(p⁺) Hg</text></svg>"""

            let _, _, colours = pixels (SvgImage.ToPng(svg, 2.0))
            let ink = colours |> Array.exists (fun c -> c.Alpha > 128uy)

            match SvgImage.MissingFont with
            | null -> Expect.isTrue ink "letters"
            | notice ->
                Expect.isFalse ink "no letters without a font"
                Expect.stringContains notice "fonts-dejavu-core" "what to install"

        testCase "what cannot become a PNG is refused"
        <| fun _ ->
            for scale in [ 0.0; -1.0; nan; 17.0 ] do
                Expect.throwsT<ArgumentOutOfRangeException> (fun () -> SvgImage.ToPng("<svg/>", scale) |> ignore) $"{scale}"

            for text in [ "no markup"; "<svg" ] do
                Expect.throwsT<FormatException> (fun () -> SvgImage.ToPng(text, 1.0) |> ignore) text

        testCase "Figure 4 has three panels and everything inside, with one seed and with several"
        <| fun _ ->
            for seeds in [ [| log 0.0 300 |]; [| log 0.0 300; log 0.2 200; log 0.4 250 |] ] do
                let svg = Figure4.Draw seeds
                expectInside svg "the figure"
                Expect.equal (words svg |> List.filter ((=) "epochs") |> List.length) 3 "three panels"
                let root = XElement.Parse svg

                let curves =
                    SvgText.elements "path" root
                    |> Seq.filter (fun p -> p.Attribute("d").Value.Split('L').Length > 20)

                Expect.equal (Seq.length curves) 4 "four curves"
                // Only the cross-entropy differs between these seeds.
                Expect.equal (SvgText.elements "polygon" root |> Seq.length) (if seeds.Length > 1 then 1 else 0) "a band where seeds differ"

        testCase "Figure 4 needs a seed, and draws runs that measured nothing"
        <| fun _ ->
            Expect.throwsT<ArgumentException> (fun () -> Figure4.Draw [||] |> ignore) "no seed"
            expectInside (Figure4.Draw [| MetricsLog.Empty |]) "an empty log"

        testCase "Figure 5's page holds predictions that the second implementation makes too"
        <| fun _ ->
            let page = Figure5.Page()
            let data = JsonNode.Parse(Regex.Match(page, "const data = (.*);\n").Groups[1].Value)
            let samples = data["samples"].AsArray()
            Expect.isGreaterThanOrEqual samples.Count 10 "samples"

            for sample in samples do
                let classes = sample["classes"].GetValue<int>()
                let rows = sample["supports"].AsArray() |> Seq.map numbers |> Seq.toArray
                let supports = Matrix<float>.Build.Dense(rows.Length, 2, fun i j -> rows[i][j])

                let labels =
                    Matrix<float>.Build.Dense(rows.Length, classes, fun i k -> if rows[i].[2] = float k then 1.0 else 0.0)

                let query = Matrix<float>.Build.DenseOfRowArrays [| numbers sample["query"] |]

                let expected =
                    (Classifier.classify (sample["tau"].GetValue<float>()) supports labels query).Row 0

                Expect.isLessThan (apart expected (numbers sample["prediction"])) 1e-12 "π"

                Expect.isLessThan
                    (apart (Distributions.sharpen (sample["sharpen"].GetValue<float>()) expected) (numbers sample["sharpened"]))
                    1e-12
                    "ρ(π)"

        testCase "Figure 5's page needs nothing from elsewhere"
        <| fun _ ->
            let page = Figure5.Page()
            Expect.isFalse (Regex.IsMatch(page, @"(src|href)\s*=|url\(|@import|fetch\(")) "no resources"

            for left in [ "/*data*/"; "/*style*/"; "/*script*/" ] do
                Expect.isFalse (page.Contains left) left

        testCase "Figure 5's map has everything inside, and refuses more classes than colours"
        <| fun _ ->
            for classes in [ 1; 2; 5; 10 ] do
                expectInside (Figure5.Map(PlaneSupports.Around classes)) $"{classes} classes"

            Expect.throwsT<ArgumentOutOfRangeException> (fun () -> Figure5.Map(PlaneSupports.Around 11) |> ignore) "11 classes"

        testCase "Figure 2 shows a step whose numbers follow from each other, and leaves the encoder alone"
        <| fun _ ->
            takeStep [] (fun setting step ->
                let temperature, vector = step.Sharpen, Vector<float>.Build.DenseOfArray

                let sharpened p =
                    Distributions.sharpen temperature (vector p)
                // Targets below 1e-4 are zero.
                Expect.isLessThan (apart (sharpened step.SecondPrediction) step.Target) 1.1e-4 "ρ(p⁺)"
                Expect.isLessThan (apart (sharpened step.Prediction) step.SecondTarget) 1.1e-4 "ρ(p)"

                let entropy target p =
                    Distributions.crossEntropy (vector target) (vector p)

                Expect.floatClose Accuracy.medium step.EntropyOfFirst (entropy step.Target step.Prediction) "H(ρ(p⁺), p)"
                Expect.floatClose Accuracy.medium step.EntropyOfSecond (entropy step.SecondTarget step.SecondPrediction) "H(ρ(p), p⁺)"
                Expect.floatClose Accuracy.medium step.MeMax (Distributions.meMax (vector step.MeanPrediction)) "−H(p̄)"
                Expect.equal step.Width 16 "d"
                Expect.equal step.Images 5 "n"
                Expect.equal step.SupportRows step.Labels.Length "s"

                for name in step.Classes do
                    Expect.contains setting.Data.Train.Classes name "a class"

                let svg = Figure2.Draw step
                expectInside svg "the figure"
                let pictures = SvgText.elements "image" (XElement.Parse svg) |> Seq.length
                Expect.equal pictures (2 + Seq.sumBy Seq.length step.Supports) "two views and the supports")

        testCase "Figure 2 of many workers' worth of supports, with a prediction head"
        <| fun _ ->
            takeStep
                [
                    "meta.world_size=2"
                    "meta.use_pred_head=true"
                    "criterion.classes_per_batch=2"
                    "data.unique_classes_per_rank=true"
                    "criterion.me_max=false"
                ]
                (fun _ step ->
                    Expect.equal step.Classes.Count 4 "classes of both"
                    Expect.equal step.MeMax 0.0 "switched off"
                    expectInside (Figure2.Draw step) "inside")

        testCase "Figure 2 of an image that the batch does not have is refused"
        <| fun _ ->
            takeStep [] (fun setting _ ->
                use encoder = setting.NewEncoder()

                Expect.throwsT<ArgumentOutOfRangeException> (fun () -> StepPictures.Take(setting, encoder, 0, 5) |> ignore) "image 5 of 5")
    ]
