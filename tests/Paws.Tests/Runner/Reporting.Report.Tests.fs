module Paws.Tests.Runner.ReportingReportTests

open System
open System.Collections.Generic
open System.IO
open System.Text.Json.Nodes
open System.Text.RegularExpressions
open System.Xml.Linq
open Expecto
open SkiaSharp
open Paws.Runner.Reporting
open Paws.Runner.Reporting.Projection

let pair name value =
    KeyValuePair<string, string>(name, value)

let picture size caption =
    ViewPicture(Array.init (size * size * 3) (fun i -> byte (i * 7 % 256)), size, caption)

/// Three blobs of points in 16 dimensions.
let blobs count =
    let random = Random 5
    let labels = Array.init count (fun i -> i % 3)

    labels
    |> Array.map (fun k -> Array.init 16 (fun j -> (if j % 3 = k then 4.0f else 0.0f) + float32 (random.NextDouble() - 0.5))),
    labels

let reportOf classes confusion =
    let embeddings, labels = blobs 90

    RunReport(
        Title = "PAWS on <shapes>",
        Classes = classes,
        Confusion = confusion,
        Figures = [| pair "Top-1" "76.67 %" |],
        Embeddings = embeddings,
        EmbeddingLabels = labels,
        Views = [|
            [| picture 32 "large 1"; picture 18 "small 1" |]
            [| picture 32 "large 1"; picture 18 "small 1" |]
        |],
        Configuration = "meta:\n  seed: 0 # <none>\n",
        Environment = [| pair "Paws" "0.1.0" |],
        Result = (JsonNode.Parse """{"top1":76.67,"baseline_top1":50.5,"seconds":75,"labels":30}""").AsObject()
    )

let report () =
    reportOf [| "cat"; "<script>alert(1)</script>"; "a & \"b\"" |] [| [| 8; 1; 1 |]; [| 0; 10; 0 |]; [| 2; 3; 5 |] |]

let metricsWith (meMax: float) =
    MetricsReader.Parse [
        for i in 0..20 do
            $"""{{"phase":"paws","step":{i},"epoch":{i},"seconds":{i},"loss":{1.0 - float i / 10.0},"cross_entropy":2,"me_max":{meMax},"learning_rate":0.1,"target_confidence":0.5,"instance_discrimination":3,"support_classification":1,"images_per_second":100}}"""

        for phase in [ "paws"; "suncet"; "baseline" ] do
            $"""{{"event":"evaluation","phase":"{phase}","step":10,"epoch":10,"seconds":10,"top1":50}}"""
    ]

let metrics = metricsWith -1.0

/// The inline drawings of a page.
let drawings page = [
    for m in Regex.Matches(page, "<svg .*?</svg>", RegexOptions.Singleline) -> XElement.Parse m.Value
]

let bare () =
    RunReport(
        Title = "Nothing yet",
        Classes = [||],
        Confusion = [||],
        Figures = [||],
        Embeddings = [||],
        EmbeddingLabels = [||],
        Views = [||],
        Configuration = "",
        Environment = [||],
        Result = JsonObject()
    )

[<Tests>]
let tests =
    testList "Runner.Reporting.Report" [
        testCase "the page has every section"
        <| fun _ ->
            let page = HtmlReport.Render(report (), metrics)

            for id in
                [
                    "headline"
                    "accuracy"
                    "training"
                    "confusion"
                    "projection"
                    "views"
                    "phases"
                    "environment"
                    "configuration"
                ] do
                Expect.stringContains page $"<section id=\"{id}\">" id

            for text in
                [
                    "Loss and its parts"
                    "−log 3 = −1.10"
                    "Target confidence"
                    "Learning rate"
                    "instance discrimination"
                    "support classification"
                    "The loss may be negative"
                ] do
                Expect.stringContains page text text

            Expect.stringContains page "+26.2<small> points" "the gain over the baseline"

        testCase "without ME-Max the loss has no such part, and no floor"
        <| fun _ ->
            let page = HtmlReport.Render(report (), metricsWith 0.0)
            Expect.stringContains page "between the views, without ME-Max" "said"

            for text in [ "may be negative"; ">ME-Max<"; "−log 3" ] do
                Expect.isFalse (page.Contains text) text

            Expect.stringContains (HtmlReport.Render(report (), metrics)) ">ME-Max<" "with it"

        testCase "the page asks nothing of any network"
        <| fun _ ->
            let page = HtmlReport.Render(report (), metrics)
            Expect.isFalse (Regex.IsMatch(page, "https?://|@import|<link|src=\"(?!data:)|url\\(")) "no address, import or link"

        testCase "names given by the user are escaped"
        <| fun _ ->
            let page = HtmlReport.Render(report (), metrics)
            Expect.isFalse (page.Contains "<script>alert") "no foreign script"
            Expect.stringContains page "&lt;script&gt;alert(1)&lt;/script&gt;" "but its name"
            Expect.stringContains page "PAWS on &lt;shapes&gt;" "title"
            Expect.stringContains page "a &amp; &quot;b&quot;" "ampersand and quotes"

        testCase "drawings are well-formed and carry text"
        <| fun _ ->
            let all = drawings (HtmlReport.Render(report (), metrics))
            Expect.isGreaterThanOrEqual all.Length 8 "charts and projection"
            let charts = all |> List.filter (fun d -> not (isNull (d.Attribute "data-chart")))

            for drawing in charts do
                JsonNode.Parse(drawing.Attribute("data-chart").Value) |> ignore

                let texts =
                    drawing.Descendants()
                    |> Seq.filter (fun e -> e.Name.LocalName = "text")
                    |> Seq.length

                Expect.isGreaterThan texts 6 "ticks and labels"

        testCase "a run of which nothing is known yet still makes a page"
        <| fun _ ->
            let page = HtmlReport.Render(bare (), MetricsLog.Empty)
            Expect.stringContains page "Not run." "says so"
            Expect.isEmpty (drawings page) "and draws nothing"

        testCase "with many classes the confusions are listed instead"
        <| fun _ ->
            let k = 40

            let counts =
                Array.init k (fun i ->
                    Array.init k (fun j ->
                        if i = j then 9
                        elif j = (i + 1) % k then 1
                        else 0))

            let names = Array.init k (fun i -> $"class{i}")

            let page = HtmlReport.Render(reportOf names counts, metrics)

            Expect.stringContains page "Most frequent confusions" "a list"
            Expect.isFalse (page.Contains "class=\"confusion\"") "no table of 1600 cells"

        testCase "writing leaves the whole report and no part beside it"
        <| fun _ ->
            let folder = Directory.CreateTempSubdirectory "paws-report-"

            try
                let path = HtmlReport.Write(folder.FullName, report ())
                Expect.stringEnds (File.ReadAllText path) "</html>\n" "whole"

                let figures =
                    FigureExport.Write(Path.Combine(folder.FullName, "figures"), folder.FullName, report ())

                Expect.equal
                    [ for f in figures -> Path.GetFileName f ]
                    [ "confusion.svg"; "projection.svg"; "views.png" ]
                    "figures that have data"

                for svg in figures |> Seq.filter (fun f -> f.EndsWith ".svg") do
                    let root = XElement.Load svg
                    Expect.equal root.Name.NamespaceName "http://www.w3.org/2000/svg" "a drawing of its own"
                    Expect.stringContains (root.Attribute("font-family").Value) "sans-serif" "with a font"

                let left =
                    Directory.GetFiles(folder.FullName, "*.part", SearchOption.AllDirectories)

                Expect.isEmpty left "nothing aside"
            finally
                folder.Delete true

        testCase "pictures decode to the pixels they were made from"
        <| fun _ ->
            let view = picture 18 "small"
            use bitmap = SKBitmap.Decode(ViewGrid.Encode(ReadOnlySpan view.Pixels, 18, 18))
            Expect.equal (bitmap.Width, bitmap.Height) (18, 18) "size"

            for y in 0..17 do
                for x in 0..17 do
                    let c = bitmap.GetPixel(x, y)
                    let at = (y * 18 + x) * 3
                    Expect.equal (c.Red, c.Green, c.Blue) (view.Pixels[at], view.Pixels[at + 1], view.Pixels[at + 2]) $"({x}, {y})"

        testCase "t-SNE gives the same layout each time and keeps groups apart"
        <| fun _ ->
            let rows, labels = blobs 90
            let once = Tsne.Embed rows
            Expect.equal (Tsne.Embed rows) once "same layout"

            let distance struct (ax, ay) struct (bx, by) =
                (ax - bx) * (ax - bx) + (ay - by) * (ay - by)

            let agree = [|
                for i in 0..89 ->
                    let nearest =
                        [ 0..89 ]
                        |> List.filter ((<>) i)
                        |> List.minBy (fun j -> distance once[i] once[j])

                    if labels[nearest] = labels[i] then 1.0 else 0.0
            |]

            Expect.isGreaterThan (Array.average agree) 0.98 "nearest neighbours share the class"

        testCase "t-SNE stays finite on few, equal, zero and broken rows"
        <| fun _ ->
            let finite (points: struct (float * float) array) =
                points
                |> Array.forall (fun (struct (x, y)) -> Double.IsFinite x && Double.IsFinite y)

            for rows in
                [
                    [||]
                    [| [| 1.0f; 2.0f |] |]
                    [| [| 1.0f; 0.0f |]; [| 0.0f; 1.0f |]; [| 1.0f; 1.0f |] |]
                    Array.init 20 (fun _ -> [| 1.0f; 2.0f; 3.0f |])
                    Array.init 20 (fun _ -> [| 0.0f; 0.0f |])
                    Array.init 20 (fun i -> if i = 3 then [| nanf; 1.0f |] else [| float32 i; 1.0f |])
                ] do
                let points = Tsne.Embed rows
                Expect.equal points.Length rows.Length "one position a row"
                Expect.isTrue (finite points) $"{rows.Length} rows"
    ]
