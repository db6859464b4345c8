/// Every example of --help, of all verbs, and every paws command in the README's blocks works: each is run through the command line
/// as it stands there, on small data under the names that it uses, with settings added that make it short.
module Paws.Tests.Runner.ExamplesTests

open System
open System.CommandLine
open System.IO
open System.Text.RegularExpressions
open System.Threading
open Expecto
open Paws.Data.Datasets
open Paws.Runner.Commands
open Paws.Tests
open Paws.Tests.PictureFiles

/// How the published CIFAR-10 file looks, shortened to what a tiny run must keep.
let private publishedTraining =
    """
criterion: {classes_per_batch: 10, me_max: true, sharpen: 0.25, supervised_imgs_per_class: 64, supervised_views: 2, temperature: 0.1, unsupervised_batch_size: 256}
data: {color_jitter_strength: 0.5, data_seed: 152, dataset: cifar10, image_folder: cifar10-data/, label_smoothing: 0.1, multicrop: 6, normalize: true, root_path: datasets/, unique_classes_per_rank: false, unlabeled_frac: 0.92}
logging: {folder: /somewhere/, write_tag: paws}
meta: {copy_data: true, device: "cuda:0", load_checkpoint: false, model_name: wide_resnet28w2, output_dim: 128, read_checkpoint: null, use_fp16: true, use_pred_head: false}
optimization: {epochs: 600, final_lr: 0.032, lr: 3.2, momentum: 0.9, nesterov: false, start_lr: 0.8, warmup: 10, weight_decay: 1.0e-06}
"""

/// How the published fine-tuning file looks, with the encoder of a tiny run.
let private publishedTuning =
    """
criterion: {classes_per_batch: 10, supervised_views: 2, supervised_batch_size: 2, temperature: 0.1}
data: {data_seed: 152, dataset: cifar10_fine_tune, image_folder: cifar10-data/, label_smoothing: 0.0, root_path: datasets/, unlabeled_frac: 0.92}
logging: {folder: /somewhere/, pretrain_path: paws-latest.pth.tar, write_tag: paws-latest}
meta: {device: cpu, model_name: wide_resnet10w1}
optimization: {epochs: 2, final_lr: 0.01, lr: 0.1, start_lr: 0.1, use_lars: true, warmup: 0, weight_decay: 0.0}
"""

let private copyFolder (from: string) (target: string) =
    for file in Directory.GetFiles(from, "*", SearchOption.AllDirectories) do
        let copy = Path.Combine(target, Path.GetRelativePath(from, file))
        Directory.CreateDirectory(Path.GetDirectoryName copy) |> ignore
        File.Copy(file, copy)

/// What the examples name, small: two classes of photographs, CIFAR-10 as folders and as binary files, golden files, published
/// configurations, a run that has ended and one that was stopped. Made once, in a folder that the program's end deletes.
let private world =
    lazy
        (let folder = new DataFolder()
         AppDomain.CurrentDomain.ProcessExit.Add(fun _ -> (folder :> IDisposable).Dispose())

         for name in [ "cat"; "dog" ] do
             for i in 0..114 do
                 put folder $"photos/{name}/{i}.png" (picture i 40 40)

         for label, name in Seq.indexed Cifar10Binary.ClassNames do
             for i in 0..27 do
                 let part = if i < 26 then "train" else "test"
                 put folder $"cifar10/{part}/{name}/{i}.png" (picture (label + 10 * i) 32 32)

         let records = [|
             for label in 0..9 do
                 byte label
                 yield! (picture label 32 32).Pixels.ToArray()
         |]

         for file in "test_batch" :: [ for i in 1..5 -> $"data_batch_{i}" ] do
             File.WriteAllBytes(folder.File $"cifar-10-batches-bin/{file}.bin", records)

         File.Copy(Golden.path "schedules.json", folder.File "golden/schedules.json")
         copyFolder (folder.File "photos/cat") (folder.File "mnt/data/photos/cat")
         copyFolder (folder.File "photos/dog") (folder.File "mnt/data/photos/dog")
         File.WriteAllText(folder.File "cifar10_train.yaml", publishedTraining)
         File.WriteAllText(folder.File "cifar10_snn.yaml", publishedTuning)

         let run name =
             TinyRun.onShapes 1 (folder.File name) [ "meta.use_fp16=false"; "finetune.held_out=0.5"; "finetune.batch_size=5" ]
             @ [ "--no-baseline" ]

         let ended = PawsCommand.run (run "ended")
         Expect.equal ended.Code 0 ended.Error
         let stopped = PawsCommand.runUntil (CancellationToken true) (run "stopped")
         Expect.equal stopped.Code 130 stopped.Error
         folder)

let private set settings =
    settings |> List.collect (fun setting -> [ "--set"; setting ])

/// Settings of seconds, wherever the images come from.
let private tiny =
    set [
        "criterion.supervised_imgs_per_class=1"
        "criterion.unsupervised_batch_size=20"
        "data.multicrop=2"
        "data.shapes_train=40"
        "data.shapes_test=20"
        "meta.model_name=wide_resnet10w1"
        "meta.output_dim=16"
        "views.large_size=16"
        "views.small_size=8"
        "views.test_size=16"
    ]

let private oneLabel = set [ "data.labels_per_class=1" ]

let private tinyTraining =
    [ "--epochs"; "1"; "--no-baseline" ]
    @ set [
        "optimization.warmup=0.5"
        "finetune.epochs=1"
        "finetune.imgs_per_class=1"
        "finetune.held_out=0.5"
        "finetune.batch_size=5"
    ]

/// The option's value replaced, or the option added.
let rec private withOption name value words =
    match words with
    | option :: _ :: rest when option = name -> name :: value :: rest
    | word :: rest -> word :: withOption name value rest
    | [] -> [ name; value ]

let rec private withoutOption name words =
    match words with
    | option :: _ :: rest when option = name -> rest
    | word :: rest -> word :: withoutOption name rest
    | [] -> []

/// What is to be done with an example.
type private Treatment =
    /// Run with other words, given the folder in which it finds and leaves things.
    | Run of (string -> string list -> string list)
    /// Only parsed, for a reason.
    | Parse of string

/// No GPU and one process; the rest stays.
let private onOneProcessor words =
    (if List.contains "--device" words then
         withOption "--device" "cpu" words
     else
         words)
    |> withoutOption "--nproc"

let private inside (folder: string) name = Path.Combine(folder, name)

let private treatment words =
    match words with
    | _ when List.contains "--help" words -> Run(fun _ words -> words)
    | "train" :: rest when List.contains "--resume" rest -> Run(fun _ words -> words)
    | "train" :: rest ->
        Run(fun folder words ->
            // A published file says how many are labeled and wants a GPU.
            let words =
                if List.contains "--config" rest then
                    words |> withOption "--device" "cpu" |> withOption "--labels" "40" // of 260 images
                elif List.contains "--labels" rest then
                    words
                else
                    words @ oneLabel

            words @ tiny @ tinyTraining @ [ "--out"; inside folder "run" ])
    | "data" :: "make" :: _ -> Run(fun _ words -> words |> withOption "--train" "40" |> withOption "--test" "20")
    | "data" :: "convert" :: _ :: [ _ ] -> Run(fun folder words -> List.take 3 words @ [ inside folder "made" ])
    | "verify" :: rest ->
        Run(fun _ words ->
            // All golden files take a quarter of a minute, and have tests of their own.
            if List.contains "golden" rest then
                words
            else
                "verify" :: inside world.Value.Path "golden" :: List.tail words)
    | "repro" :: _ ->
        Run(fun folder words ->
            // Training them takes minutes at the smallest scale, where CI does, and hours at others.
            (List.filter ((<>) "--draw-only") words)
            @ [
                "--draw-only"
                "--out"
                inside folder "repro"
                "--work"
                inside folder "work"
            ])
    | "bench" :: "step" :: _ ->
        Run(fun _ words ->
            [
                "--batch", "2"
                "--classes", "2"
                "--per-class", "1"
                "--size", "32"
                "--crops", "2"
                "--crop-size", "16"
                "--steps", "1"
                "--warmup", "0"
            ]
            |> List.fold (fun words (name, value) -> withOption name value words) words)
    | "bench" :: "augment" :: _ -> Run(fun _ words -> words @ [ "--count"; "2"; "--seconds"; "0" ])
    | "bench" :: "data" :: _ -> Run(fun _ words -> words @ [ "--steps"; "2" ] @ tiny @ oneLabel)
    | "bench" :: "ceiling" :: _ -> Parse "it measures for minutes where the processor has no bf16"
    | "bench" :: "growth" :: _ -> Parse "it measures for an hour"
    | "bench" :: "start" :: _ -> Parse "it starts paws anew, which here is the tests"
    | "bench" :: "collectives" :: _ -> Parse "it takes several ranks"
    | _ -> Run(fun _ words -> words)

/// The words after paws.
let private wordsOf (commandLine: string) =
    let words =
        commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries) |> Array.toList

    List.skip (1 + List.findIndex ((=) "paws") words) words

/// Paths lead to what is there for all examples, or into the example's own folder.
let private placed (folder: string) (words: string list) =
    let isPath (word: string) =
        not (word.StartsWith '-' || word.Contains '=')
        && (word.Contains '/' || word.EndsWith ".yaml" || word = "golden")

    words
    |> List.map (fun word ->
        let name = word.TrimStart('/').Replace("path/to/", "")

        if not (isPath word) then
            word
        elif Path.Exists(inside world.Value.Path name) then
            inside world.Value.Path name
        else
            inside folder name)

let private root () =
    let host =
        CommandHost(Jobs = Unchecked.defaultof<IJobs>, Output = TextWriter.Null, Error = TextWriter.Null)

    CommandLine.Create host

let rec private examplesOf (command: Command) : string list = [
    match command with
    | :? VerbCommand as verb -> for example in verb.Examples -> example.CommandLine
    | _ -> ()

    for inner in command.Subcommands do
        yield! examplesOf inner
]

let private ofHelp = [
    for example in CommandLine.RootExamples -> example.CommandLine
    yield! examplesOf (root ())
]

/// Lines of the README's blocks that start paws, by its project or as $paws.
let private ofReadme = [
    for block in Regex.Matches(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "README.md")), "(?s)```sh\n(.*?)```") do
        for line in block.Groups[1].Value.Split '\n' do
            let found =
                Regex.Match(line, @"^\s*(?:\$paws|(?:dotnet run .*)?--project src/Paws\.Runner --) +(?<words>[^#]*)")

            if found.Success then
                "paws " + found.Groups["words"].Value.Trim()
]

/// The same with paths as the examples of help have them: what differs in these alone is run once.
let private withoutPlaces (commandLine: string) =
    (commandLine + " ").Replace("path/to/", "").Replace("/ ", " ")

/// Runs an example with a folder of its own beside what the examples name.
let private run change words =
    use folder = new DataFolder()
    let cacheHome = Environment.GetEnvironmentVariable "XDG_CACHE_HOME"

    let mine =
        if List.contains "--resume" words then
            "stopped"
        else
            "ended"

    copyFolder (inside world.Value.Path mine) (folder.File "runs/mine")
    Environment.SetEnvironmentVariable("XDG_CACHE_HOME", folder.File "cache")

    try
        placed folder.Path words
        |> onOneProcessor
        |> change folder.Path
        |> PawsCommand.run
    finally
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", cacheHome)

[<Tests>]
let tests =
    // They set where decoded images are kept.
    testSequenced
    <| testList "Runner.Examples" [
        for example in List.distinctBy withoutPlaces (ofHelp @ ofReadme) do
            let words = wordsOf example

            match treatment words with
            | Parse reason ->
                test $"{example} (parsed: {reason})" {
                    Expect.isEmpty [ for error in root().Parse(words).Errors -> error.Message ] "mistakes"
                }
            | Run change ->
                test example {
                    let outcome = run change words
                    Expect.equal outcome.Code 0 outcome.Error
                }

        test "the README's commands are found" {
            Expect.isGreaterThanOrEqual ofReadme.Length 9 "as many as there were, or more"
            Expect.contains ofReadme "paws train --json" "the first"
            Expect.contains ofReadme "paws train --device cuda" "of two lines"
            Expect.contains ofReadme "paws repro all --scale smoke" "with a comment behind"
        }
    ]
