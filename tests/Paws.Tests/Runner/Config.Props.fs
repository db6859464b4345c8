module Paws.Tests.Runner.ConfigProps

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Runner
open Paws.Runner.Config
open Paws.Tests

/// Text without half characters, which no YAML can carry.
let private text =
    ArbMap.defaults
    |> ArbMap.generate<NonNull<string>>
    |> Gen.map (fun s -> String.filter (Char.IsSurrogate >> not) s.Get)
    |> fun any ->
        Gen.frequency [
            3, any
            1,
            Gen.elements [
                "null"
                "true"
                "no"
                "~"
                ""
                "12"
                "1e-6"
                "a: b"
                "# x"
                "- x"
                "[1]"
                "cuda:0"
                "a\nb"
                "a\n"
                "12\n"
                " x "
                "\"q\""
                "C:\\d"
                "été"
            ]
        ]

let private number (range: Interval) =
    let top =
        if Double.IsPositiveInfinity range.Max then
            1e4
        else
            range.Max

    Gen.choose (1, 1_000_000)
    |> Gen.map (fun i -> range.Min + (top - range.Min) * float i / 1_000_001.0)

let private whole (range: Interval) =
    Gen.choose (
        int range.Min,
        (if Double.IsPositiveInfinity range.Max then
             100_000
         else
             int range.Max)
    )

let private fixedText =
    Map [
        for choice in ConfigChecks.Choices do
            choice.Key, List.ofSeq choice.Value
        "data.labels", [ "all"; "1"; "250" ]
        "meta.device", [ "auto"; "cpu"; "cuda"; "cuda:3" ]
        "meta.model_name", [ "wide_resnet16w1"; "resnet50w2"; "resnet18_small" ]
    ]

/// A value in the key's range.
let private valueOf (key: ConfigKey) : Gen<obj> =
    let value: Gen<obj> =
        match key.Type with
        | t when t = typeof<bool> -> Gen.elements [ true; false ] |> Gen.map box
        | t when t = typeof<int> -> whole ConfigChecks.Ranges[key.Path] |> Gen.map box
        | t when t = typeof<float> -> number ConfigChecks.Ranges[key.Path] |> Gen.map box
        | t when t = typeof<float[]> ->
            let count = if key.Name.EndsWith "scale" then 2 else 3

            Gen.arrayOfLength count (number ConfigChecks.Ranges[key.Path])
            |> Gen.map (Array.sort >> box)
        | _ ->
            match fixedText.TryFind key.Path with
            | Some names -> Gen.elements names |> Gen.map box
            | None -> text |> Gen.map box

    if key.Nullable then
        Gen.frequency [ 1, Gen.constant null; 3, value ]
    else
        value

type Configurations =
    /// Any valid configuration, every key drawn from its range.
    static member Config() : Arbitrary<PawsConfig> =
        let keys = List.ofSeq ConfigSchema.Keys

        gen {
            let config = PawsConfig()

            for key in keys do
                let! value = valueOf key
                key.Set(config, value)

            return config
        }
        |> Arb.fromGen

let private config = {
    FsCheckConfig.defaultConfig with
        maxTest = 100
        arbitrary = [ typeof<Configurations> ]
}

[<Tests>]
let laws =
    testList "Runner.Config.laws" [
        testPropertyWithConfig config "what is written loads back equal"
        <| fun (original: PawsConfig) ->
            use folder = new ScratchFolder()

            let back =
                ConfigLoader.LoadFile(folder.Write("config.yaml", ConfigWriter.ToYaml original))

            Expect.isEmpty (ConfigDiff.Describe(back, original)) "differences"

        testPropertyWithConfig config "resolving twice is resolving once"
        <| fun (original: PawsConfig) ->
            let once = DatasetDefaults.Resolve original
            Expect.isEmpty (ConfigDiff.Keys(once, DatasetDefaults.Resolve once)) "differences"

        testPropertyWithConfig config "a value given through --set is the one in the configuration"
        <| fun (original: PawsConfig) ->
            // Of two keys that contradict each other, one.
            let number (key: ConfigKey) =
                key.Type <> typeof<string>
                && not (
                    List.contains key.Path [
                        "views.large_scale"
                        "data.unlabeled_frac"
                        "baseline.time_factor"
                        "baseline.step_ratio"
                    ]
                )

            let sets =
                ConfigSchema.Keys
                |> Seq.filter number
                |> Seq.map (fun key -> $"{key.Path}={ConfigWriter.Format(key.Get original)}")

            let back = ConfigLoader.Load(sets = sets)

            for key in ConfigSchema.Keys |> Seq.filter number do
                Expect.equal (ConfigWriter.Format(key.Get back)) (ConfigWriter.Format(key.Get original)) key.Path

        testPropertyWithConfig config "a damaged file loads or is a mistake of the user's, never anything else"
        <| fun (original: PawsConfig) (at: int) (length: PositiveInt) (noise: string) ->
            use folder = new ScratchFolder()
            let yaml = ConfigWriter.ToYaml original
            let start = (at &&& Int32.MaxValue) % yaml.Length
            let count = min (length.Get % 40) (yaml.Length - start)

            let file =
                folder.Write("config.yaml", yaml.Remove(start, count).Insert(start, noise + ""))

            try
                ConfigLoader.LoadFile file |> ignore
            with :? UserErrorException as e ->
                Expect.isNonEmpty e.Message "says what is wrong"

        testProperty "edit distance is a metric"
        <| fun (NonNull a: NonNull<string>) (NonNull b: NonNull<string>) (NonNull c: NonNull<string>) ->
            let d x y = NearestName.Distance(x, y)
            d a a = 0 && d a b = d b a && d a c <= d a b + d b c

        testProperty "one slip in a key's name finds the key"
        <| fun (index: int) (at: int) ->
            let keys =
                ConfigSchema.Keys |> Seq.filter (fun key -> key.Name.Length >= 6) |> Seq.toArray

            let key = keys[(index &&& Int32.MaxValue) % keys.Length]
            let slip = key.Name.Remove((at &&& Int32.MaxValue) % key.Name.Length, 1)
            let hint = ConfigSchema.SuggestKey(key.Section, slip)
            Expect.stringContains hint "did you mean" slip
    ]
