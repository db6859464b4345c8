module Paws.Tests.Runner.CollapseTests

open System
open System.IO
open System.Text.Json.Nodes
open Expecto
open FsCheck
open MathNet.Numerics.LinearAlgebra
open TorchSharp
open Paws.Runner.Config
open Paws.Runner.Reporting
open Paws.Runner.Training
open Paws.Tests

/// The signs of a batch by name.
let private signs (measured: seq<Collections.Generic.KeyValuePair<StepPart, torch.Tensor>>) =
    Map [ for sign in measured -> sign.Key, Paws.Model.Scalars.value sign.Value ]

let private tensor (rows: float array array) = torch.tensor (array2D rows)

let private ofPredictions rows =
    use _ = torch.NewDisposeScope()
    let found = signs (BatchSigns.OfPredictions(tensor rows))
    found[StepPart.MeanEntropy], found[StepPart.Information]

let private ofEmbeddings rows =
    use _ = torch.NewDisposeScope()
    let found = signs (BatchSigns.OfEmbeddings(tensor rows))
    found[StepPart.EmbeddingRank], found[StepPart.EmbeddingSpread]

let private near expected actual what =
    Expect.floatClose { absolute = 1e-9; relative = 1e-9 } actual expected what

let private random = Random 3

let private normal () =
    sqrt (-2.0 * log (1.0 - random.NextDouble()))
    * cos (2.0 * Math.PI * random.NextDouble())

let private rows n d =
    Array.init n (fun _ -> Array.init d (fun _ -> normal ()))

let private logistic (row: float array) =
    let e = row |> Array.map exp
    e |> Array.map (fun x -> x / Array.sum e)

[<Tests>]
let measures =
    testList "Runner.BatchSigns" [
        test "uniform predictions tell nothing, nor do those of one class; sure ones of all classes tell log K" {
            let uniform, one, sure =
                Array.init 8 (fun _ -> Array.create 4 0.25),
                Array.init 8 (fun _ -> [| 0.0; 1.0; 0.0; 0.0 |]),
                Array.init 8 (fun i -> Array.init 4 (fun k -> if k = i % 4 then 1.0 else 0.0))

            for rows, entropy, information in [ uniform, log 4.0, 0.0; one, 0.0, 0.0; sure, log 4.0, log 4.0 ] do
                let h, i = ofPredictions rows
                near entropy h "H(p̄)"
                near information i "I"
        }

        test "what a prediction tells is the mean divergence of predictions from their mean" {
            let predictions = rows 9 5 |> Array.map logistic
            let mean = Array.init 5 (fun k -> predictions |> Array.averageBy (fun p -> p[k]))

            let divergence =
                predictions
                |> Array.averageBy (fun p -> Array.map2 (fun a b -> a * log (a / b)) p mean |> Array.sum)

            near divergence (snd (ofPredictions predictions)) "I"
        }

        test "the effective rank is the participation ratio of the covariance's eigenvalues, for few and for many images" {
            for n, d in [ 6, 11; 40, 7; 2, 3 ] do
                let embeddings =
                    rows n d |> Array.map (Array.mapi (fun i x -> x * (1.0 + float i) + 0.5))

                let unit = Matrix<float>.Build.DenseOfRowArrays(embeddings).NormalizeRows 2.0
                let mean = unit.ColumnSums() / float n

                let centred =
                    Matrix<float>.Build.DenseOfRowVectors [ for row in unit.EnumerateRows() -> row - mean ]

                let values =
                    (centred.TransposeThisAndMultiply centred / float n).Evd(Symmetricity.Symmetric).EigenValues.Real()

                let rank, spread = ofEmbeddings embeddings
                near (values.Sum() ** 2.0 / values.DotProduct values) rank $"rank of {n} × {d}"
                near (values.Sum()) spread $"spread of {n} × {d}"
        }

        test "one point, a line and directions at right angles have ranks 1, 1 and one less than their number" {
            let point = Array.init 6 (fun i -> [| float (i + 1); 0.0; 0.0 |])
            let line = Array.init 6 (fun i -> [| (if i % 2 = 0 then 2.0 else -1.0); 0.0; 0.0 |])

            let corner =
                Array.init 6 (fun i -> Array.init 6 (fun j -> if i = j then 3.0 else 0.0))

            for name, embeddings, rank, spread in
                [
                    "point", point, 1.0, 0.0
                    "line", line, 1.0, 1.0
                    "corner", corner, 5.0, 5.0 / 6.0
                ] do
                let r, s = ofEmbeddings embeddings
                near rank r $"rank of a {name}"
                near spread s $"spread of a {name}"

            let r, s = ofEmbeddings (Array.init 3 (fun _ -> Array.zeroCreate 4))
            Expect.isTrue (Double.IsFinite r && Double.IsFinite s) "zeros"
        }

        test "nothing of it carries gradient or is left behind" {
            let inputs = [
                torch.rand ([| 5L; 3L |], requires_grad = true)
                torch.rand ([| 300L; 4L |], requires_grad = true)
            ]

            let before = torch.Tensor.TotalCount

            for input in inputs do
                for measure in [ BatchSigns.OfLogits; BatchSigns.OfEmbeddings ] do
                    for sign in measure input do
                        Expect.isFalse sign.Value.requires_grad "gradient"
                        sign.Value.Dispose()

            Expect.equal torch.Tensor.TotalCount before "tensors"
            inputs |> List.iter _.Dispose()
        }
    ]
    |> testSequenced

let private metrics (entropy: Nullable<float>) information spread rank (index: int) =
    StepMetrics(
        Phase = "paws",
        Step = int64 index,
        Epoch = 0.0,
        Seconds = 0.0,
        Loss = 0.0,
        MeanEntropy = entropy,
        Information = information,
        EmbeddingSpread = spread,
        EmbeddingRank = rank
    )

let private none = Nullable<float>()

/// A step whose predictions tell so much, both numbers as shares of log K.
let private predicting classes (entropy: float) (information: float) index =
    let unit = log (float classes)
    metrics (Nullable(entropy * unit)) (Nullable(information * unit)) none none index

let private embedding (spread: float) (rank: float) index =
    metrics none none (Nullable spread) (Nullable rank) index

/// What is said of a run whose steps are logged every ten.
let private watched total classes (state: PhaseState) (measure: int -> StepMetrics) = [
    let watch = CollapseWatch(total, classes, state)

    for index in 9..10 .. total - 1 do
        match watch.Observe(measure index) with
        | null -> ()
        | news -> index, news
]

let private silent total classes measure what =
    let state = PhaseState()
    Expect.isEmpty (watched total classes state measure) what
    Expect.isFalse state.Collapsed what
    Expect.isNull state.CollapseKind what
    Expect.isFalse state.CollapsedAtStep.HasValue what

let private halving (every: float) index = 2.0 ** (-float index / every)

/// I / log K of logged steps as quick measured it with another seed each (information of metrics.jsonl over log 10).
let private collapsedSeed5 = [
    0.2914
    0.1602
    0.0340
    0.0096
    0.0055
    0.0038
    0.0011
    0.00013
    0.00006
    0.00006
    0.00002
]

let private learntSeed3 = [
    0.3368
    0.1126
    0.0276
    0.0319
    0.0422
    0.1084
    0.1650
    0.1267
    0.1189
    0.1153
    0.1959
]

[<Tests>]
let watch =
    testList "Runner.CollapseWatch" [
        test "predictions that shrink to uniform are told once, within the first tenth of the run" {
            for total in [ 1092; 5000; 40000 ] do
                let state = PhaseState()

                let news =
                    watched total 10 state (fun i -> predicting 10 1.0 (halving (float total / 130.0) i) i)

                Expect.hasLength news 1 $"once in {total} steps"
                let at, said = news[0]
                Expect.isLessThan at (total / 10) "early"
                Expect.isTrue said.Collapsed "a collapse"
                Expect.stringContains said.Text "uniform" "what"
                Expect.isTrue state.Collapsed "remembered"
                Expect.equal state.CollapseKind CollapseKind.Uniform "kind"
                // 9 halvings to 0.2 %.
                Expect.isLessThan (abs (float state.CollapsedAtStep.Value - 9.0 * float total / 130.0)) 20.0 "since when"
        }

        test "what quick measured: told of the seed that collapses by step 109 of 1,092, not of the one that learns" {
            let measured (values: float list) i =
                predicting 10 0.99 (values[min (i / 10) (values.Length - 1)]) i

            let state = PhaseState()
            let news = watched 1092 10 state (measured collapsedSeed5)
            Expect.hasLength news 1 "once"
            Expect.isLessThanOrEqual (fst news[0]) 109 "within a tenth"
            silent 1092 10 (measured learntSeed3) "learns"
        }

        test "a run that comes near the uniform start and leaves it is not told of" {
            // Down by half every 8 steps to a quarter of the limit, then doubling every 10.
            let turn i =
                if i < 88 then
                    halving 8.0 i
                else
                    halving 8.0 88 * 2.0 ** (float (i - 88) / 10.0)

            silent 1092 10 (fun i -> predicting 10 1.0 (min 0.9 (turn i)) i) "turns at once"
            // From half the limit on, slowly: it leads out within another tenth.
            silent 1092 10 (fun i -> predicting 10 1.0 (min 0.9 (0.001 * 2.0 ** (float i / 60.0))) i) "starts slowly"
        }

        test "nothing is said in the first twentieth, nor of a run too short to tell" {
            let state = PhaseState()
            let news = watched 4000 10 state (fun i -> predicting 10 1.0 0.0 i)
            Expect.isGreaterThanOrEqual (fst news[0]) 200 "the start belongs to the run"
            Expect.isLessThan (fst news[0]) 400 "early all the same"
            silent 20 10 (fun i -> predicting 10 1.0 0.0 i) "20 steps"
        }

        test "a mean prediction of one class is another kind, whatever little single predictions tell" {
            for information in [ 0.0; 0.01 ] do
                let state = PhaseState()
                let news = watched 1000 10 state (fun i -> predicting 10 0.02 information i)
                Expect.hasLength news 1 "once"
                Expect.equal state.CollapseKind CollapseKind.OneClass "kind"
                Expect.stringContains (snd news[0]).Text "one class" "what"

            silent 1000 10 (fun i -> predicting 10 0.30 0.30 i) "two classes of ten are not one"
        }

        test "embeddings of a method without predictions: one point or a line, not a plane" {
            for spread, rank in [ 0.002, 9.0; 0.4, 1.02 ] do
                let state = PhaseState()
                let news = watched 1000 10 state (embedding spread rank)
                Expect.hasLength news 1 "once"
                Expect.equal state.CollapseKind CollapseKind.Embeddings "kind"
                Expect.stringContains (snd news[0]).Text "embedding" "what"

            silent 1000 10 (embedding 0.05 2.0) "a plane"
        }

        test "two classes told apart on a line are no collapse" {
            let both =
                metrics (Nullable(log 2.0)) (Nullable(0.95 * log 2.0)) (Nullable 0.9) (Nullable 1.0)

            silent 1000 2 both "predictions go before embeddings"
        }

        test "a run that recovers is said to, and one that collapses again too" {
            let state = PhaseState()

            let information i =
                if i < 300 then 0.5
                elif i < 500 then 0.0001
                elif i < 800 then 0.4
                else 0.0

            let news = watched 1200 10 state (fun i -> predicting 10 1.0 (information i) i)
            Expect.equal [ for _, said in news -> said.Collapsed ] [ true; false; true ] "three times"
            Expect.stringContains (snd news[1]).Text "no longer collapsed since step 509" "since when"
            Expect.isTrue state.Collapsed "at the end"
            Expect.equal state.CollapsedAtStep.Value 809 "the last one"
            Expect.isFalse state.RecoveredAtStep.HasValue "not from that"

            let once = PhaseState()
            let until i = if i < 800 then information i else 0.4
            watched 1200 10 once (fun i -> predicting 10 1.0 (until i) i) |> ignore
            Expect.isFalse once.Collapsed "recovered"
            Expect.equal once.CollapsedAtStep.Value 309 "had collapsed"
            Expect.equal once.RecoveredAtStep.Value 509 "until"
            Expect.equal once.CollapseKind CollapseKind.Uniform "kind"
        }

        test "between the limit and twice the limit nothing is said, in either state" {
            silent 1000 10 (fun i -> predicting 10 1.0 (if i % 20 = 9 then 0.0015 else 0.0025) i) "never told"

            let state =
                PhaseState(Collapsed = true, CollapsedAtStep = 5, CollapseKind = CollapseKind.Uniform)

            Expect.isEmpty (watched 1000 10 state (fun i -> predicting 10 1.0 0.003 i)) "nor taken back"
            Expect.isTrue state.Collapsed "still"
        }

        test "a resumed run is not told twice" {
            let state = PhaseState()
            watched 1000 10 state (fun i -> predicting 10 1.0 0.0 i) |> ignore
            Expect.isEmpty (watched 1000 10 state (fun i -> predicting 10 1.0 0.0 i)) "known"
            Expect.isTrue state.Collapsed "still"
        }

        test "steps that measured nothing of it, or no number, are no evidence" {
            silent 1000 10 (metrics none none none none) "nothing"
            silent 1000 10 (fun i -> predicting 10 nan nan i) "not a number"
        }
    ]

let private load (sets: string list) =
    ConfigLoader.Load(sets = "data.labels_per_class=1" :: sets)
    |> DatasetDefaults.Resolve

let private kinds = [ CollapseKind.Uniform; CollapseKind.OneClass; CollapseKind.Embeddings ]

let private setting (hint: CollapseHint) = $"{hint.Key}={hint.Value}"

[<Tests>]
let hints =
    testList "Runner.CollapseHints" [
        test "each is a key with a value that can be set, and is given to some run" {
            for hint in CollapseHints.All do
                Expect.isNotNull (ConfigSchema.Find hint.Key) hint.Key
                load [ setting hint ] |> ignore

                let given =
                    [
                        []
                        [ "criterion.me_max=false" ]
                        [ "views.large_scale=[0.2,1]"; "views.solarize=0.2"; "views.equalize=0.2" ]
                    ]
                    |> List.exists (fun sets ->
                        kinds
                        |> List.exists (fun kind -> Seq.contains hint (CollapseHints.For(load sets, kind, false))))

                Expect.isTrue given $"{hint.Key} is never given"
        }

        testProperty "none is given that the run has already" (fun (has: bool list) ->
            let has = has @ List.replicate CollapseHints.All.Count false

            let chosen =
                Seq.zip CollapseHints.All has |> Seq.filter snd |> Seq.map fst |> Seq.toList

            for method in TrainMethod.Names do
                let config = load ($"method.name={method}" :: List.map setting chosen)

                for kind in kinds do
                    let keys = [ for hint in CollapseHints.For(config, kind, false) -> hint.Key ]

                    for hint in chosen do
                        Expect.isFalse (List.contains hint.Key keys) $"{method}, {kind}: {setting hint} is what it has")

        test "a run that follows all of them is given none" {
            for method in TrainMethod.Names do
                for kind in kinds do
                    let first =
                        load [
                            $"method.name={method}"
                            "criterion.me_max=false"
                            "views.large_scale=[0.2,1]"
                        ]

                    let followed =
                        load (
                            $"method.name={method}"
                            :: [ for hint in CollapseHints.For(first, kind, false) -> setting hint ]
                        )

                    let left = [ for hint in CollapseHints.For(followed, kind, false) -> hint.Key ]

                    Expect.isEmpty
                        (left
                         |> List.filter (fun key -> CollapseHints.For(first, kind, false) |> Seq.exists (fun h -> h.Key = key)))
                        method
        }

        test "parts of the published objective are no advice where an experiment's has its place" {
            for kind in kinds do
                let config = load [ "criterion.me_max=false"; "views.solarize=0.2" ]
                let keys = [ for hint in CollapseHints.For(config, kind, true) -> hint.Key ]
                Expect.isFalse (keys |> List.exists _.StartsWith("criterion.")) kind
                Expect.contains keys "views.solarize" kind
        }

        test "settings of PAWS are no advice to other methods" {
            for method in TrainMethod.Names |> Seq.filter (TrainMethod.IsPaws >> not) do
                for hint in CollapseHints.For(load [ $"method.name={method}"; "criterion.me_max=false" ], CollapseKind.OneClass, false) do
                    Expect.isFalse (hint.Key.StartsWith "criterion.") $"{method}: {hint.Key}"
        }
    ]

/// A folder of 40 white pictures in two classes: whatever is learnt, they are not told apart.
let whitePictures (folder: DataFolder) =
    let white =
        Paws.Data.Datasets.RgbImage(ReadOnlyMemory(Array.create (24 * 24 * 3) 255uy), 24, 24)

    for kind, count in [ "train", 20; "test", 4 ] do
        for name in [ "a"; "b" ] do
            for i in 0 .. count - 1 do
                PictureFiles.put folder $"{kind}/{name}/{i}.png" white

    folder.Path

/// 60 steps on them of the published objective, logged every five.
let blank (data: string) (out: string) more =
    TinyRun.train
        15
        4
        out
        ([
            "finetune.epochs=0"
            "views.large_size=16"
            "views.small_size=8"
            "views.jitter=0"
            "views.grayscale=0"
            "views.blur=0"
            "views.solarize=0"
            "views.equalize=0"
            "criterion.classes_per_batch=2"
            "criterion.support_weight=0"
            "logging.log_every_steps=5"
         ]
         @ more)
    @ [ "--data"; data; "--no-baseline" ]

let private result (run: string) =
    JsonNode.Parse(File.ReadAllText(Path.Combine(run, RunResult.FileName))).AsObject()

let private page (run: string) =
    File.ReadAllText(Path.Combine(run, HtmlReport.FileName))

[<Tests>]
let runs =
    testSequenced
    <| testList "Runner.Collapse.Runs" [
        test "a run that collapses says so at once and at the end: in the terminal, in its result and first in its report" {
            use scratch = new ScratchFolder()
            use pictures = new DataFolder()
            let data = whitePictures pictures
            let out = scratch.File "run"
            let outcome = PawsCommand.run (blank data out [])
            Expect.equal outcome.Code 0 outcome.Error

            let lines = outcome.Out.Split '\n'

            let warnings =
                lines
                |> Array.filter (fun line -> line.StartsWith "warning: PAWS pre-training has collapsed")

            Expect.hasLength warnings 1 "once while it trains"
            Expect.stringContains warnings[0] "--set criterion.support_weight=1" "with what has helped"
            Expect.isFalse (warnings[0].Contains "solarize") "and nothing that it has already"
            Expect.exists lines (fun line -> line.StartsWith "warning: This run has collapsed") "and at the end"

            let result = result out
            Expect.isTrue (result["collapsed"].GetValue<bool>()) "collapsed"
            Expect.equal (string result["collapse_kind"]) CollapseKind.Uniform "kind"
            Expect.isLessThan (result["collapsed_at_step"].GetValue<int>()) 30 "since when"
            Expect.isNull result["recovered_at_step"] "not recovered"

            let page = page out

            let banner, headline =
                page.IndexOf "id=\"collapse\"", page.IndexOf "id=\"headline\""

            Expect.isTrue (banner > 0 && banner < headline) "first thing"
            Expect.stringContains page "<code>--set criterion.support_weight=1</code>" "the hints"
        }

        test "a run that does not collapse says nothing of it" {
            use scratch = new ScratchFolder()
            let out = scratch.File "run"

            let outcome =
                PawsCommand.run (TinyRun.onShapes 1 out [ "finetune.epochs=0" ] @ [ "--no-baseline" ])

            Expect.equal outcome.Code 0 outcome.Error
            Expect.isFalse (outcome.Out.Contains "collapsed") outcome.Out
            let result = result out
            Expect.isFalse (result["collapsed"].GetValue<bool>()) "collapsed"

            for key in [ "collapse_kind"; "collapsed_at_step"; "recovered_at_step" ] do
                Expect.isTrue (result.ContainsKey key && isNull result[key]) key

            Expect.isFalse ((page out).Contains "id=\"collapse\"") "no banner"
        }

        test "logging.on_collapse=stop saves and ends with one line; --resume goes on all the same" {
            use scratch = new ScratchFolder()
            use pictures = new DataFolder()
            let data = whitePictures pictures
            let out = scratch.File "run"

            PawsCommand.expectMistake
                [
                    "has collapsed and was stopped at step"
                    "logging.on_collapse=stop"
                    "--set criterion.support_weight=1"
                    "--resume"
                ]
                (blank data out [ "logging.on_collapse=stop" ])

            Expect.isTrue (File.Exists(Path.Combine(out, Paws.Runner.Checkpoints.RunCheckpoint.FileName))) "a checkpoint"
            Expect.isFalse (File.Exists(Path.Combine(out, RunResult.FileName))) "no result"
            let again = PawsCommand.run [ "train"; "--out"; out; "--resume" ]
            Expect.equal again.Code 0 again.Error
            let finished = result out
            Expect.isTrue (finished["collapsed"].GetValue<bool>()) "remembered over the resume"

            PawsCommand.expectMistake
                [ "logging.on_collapse"; "warn, stop" ]
                (blank data (scratch.File "no") [ "logging.on_collapse=halt" ])
        }

        test "supervised training that tells nothing apart is told of, and stopped where that is asked for" {
            use scratch = new ScratchFolder()
            use pictures = new DataFolder()
            let data = whitePictures pictures

            PawsCommand.expectMistake
                [ "supervised training has collapsed" ]
                (blank data (scratch.File "run") [ "logging.on_collapse=stop"; "baseline.steps=60" ]
                 @ [ "--method"; "supervised" ])
        }

        for method, measured in
            [
                "paws", [ "mean_entropy"; "information"; "embedding_rank"; "embedding_spread" ]
                "supervised", [ "mean_entropy"; "information"; "embedding_rank"; "embedding_spread" ]
                "fixmatch", [ "mean_entropy"; "information"; "embedding_rank"; "embedding_spread" ]
                "simclr", [ "embedding_rank"; "embedding_spread" ]
                "simclrv2", [ "embedding_rank"; "embedding_spread" ]
                "simclr-suncet", [ "embedding_rank"; "embedding_spread" ]
                "byol", [ "embedding_rank"; "embedding_spread" ]
                "swav", [ "embedding_rank"; "embedding_spread" ]
            ] do
            test $"{method} measures on a logged step whether images are told apart, and on no other" {
                MethodRun.withPhase method [] (fun setting _ phase ->
                    use loader = setting.OpenLoader((fun step -> phase.Plan step), 0)
                    use uploads = new Uploads(setting.Device)
                    use _ = torch.NewDisposeScope()
                    phase.Encoder.Train()
                    let batch = loader.Next()
                    let groups = uploads.Take batch
                    let quiet = phase.Loss(groups, batch.Plan, false)
                    let logged = phase.Loss(groups, batch.Plan, true)

                    let parts (output: StepOutput) =
                        set [ for part in output.Watched -> part.Key ]
                        |> Set.filter (fun part -> part >= StepPart.MeanEntropy)

                    Expect.isEmpty (parts quiet) "not logged"

                    let names = [
                        for part in parts logged ->
                            match part with
                            | StepPart.MeanEntropy -> "mean_entropy"
                            | StepPart.Information -> "information"
                            | StepPart.EmbeddingRank -> "embedding_rank"
                            | _ -> "embedding_spread"
                    ]

                    Expect.equal (set names) (set measured) "what is measured"
                    Expect.equal (Paws.Model.Scalars.value logged.Loss) (Paws.Model.Scalars.value quiet.Loss) "the loss is as it was")
            }
    ]
