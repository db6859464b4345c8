// The table of results in README.md, from the result.json of each run: dotnet fsi experiments/ropaws/table.fsx
open System.IO
open System.Text.Json.Nodes

let results = Path.Combine(__SOURCE_DIRECTORY__, "results")

/// results/ARM-seedN
let runs =
    Directory.GetDirectories results
    |> Array.map (fun folder ->
        let name = Path.GetFileName folder
        let result = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "result.json")))
        let seed = name.LastIndexOf "-seed"

        name[.. seed - 1],
        int name[seed + 5 ..],
        result["top1"].GetValue<float>(),
        result["collapsed"].GetValue<bool>())

let seeds =
    runs |> Array.map (fun (_, seed, _, _) -> seed) |> Array.distinct |> Array.sort

printfn "| arm |%s mean |" (seeds |> Array.map (sprintf " seed %d |") |> System.String.Concat)
printfn "|---|%s---|" (String.replicate seeds.Length "---|")

for arm, itsRuns in runs |> Array.groupBy (fun (arm, _, _, _) -> arm) |> Array.sortBy fst do
    let cell seed =
        match itsRuns |> Array.tryFind (fun (_, s, _, _) -> s = seed) with
        | Some(_, _, top1, collapsed) -> sprintf " %.1f %%%s |" top1 (if collapsed then " (collapsed)" else "")
        | None -> " – |"

    let mean = itsRuns |> Array.averageBy (fun (_, _, top1, _) -> top1)
    printfn "| %s |%s %.1f %% |" arm (seeds |> Array.map cell |> System.String.Concat) mean
