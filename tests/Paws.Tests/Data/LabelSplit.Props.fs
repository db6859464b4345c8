module Paws.Tests.Data.LabelSplitProps

open System.IO
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Data.Datasets
open Paws.Data.Splits
open Paws.Tests

/// Labels of a set with every class present, a number of labels that every class can give, and a seed.
let private drawable =
    gen {
        let! classes = Gen.choose (2, 8)
        let! sizes = Gen.listOfLength classes (Gen.choose (1, 30))

        let! labels =
            sizes
            |> List.mapi (fun label size -> List.replicate size label)
            |> List.concat
            |> Gen.shuffle

        let! perClass = Gen.choose (1, List.min sizes)
        let! seed = Gen.choose (0, 1000)
        return labels, sizes, perClass, seed
    }

let private law name property =
    testPropertyWithConfig
        {
            FsCheckConfig.defaultConfig with
                maxTest = 200
        }
        name
        (Prop.forAll (Arb.fromGen drawable) property)

let private names sizes = [| for i in 0 .. List.length sizes - 1 -> $"class{i}" |]

/// A set of 1×1 images with these labels.
let private dataset labels sizes =
    new PackedDataset("tiny", names sizes, labels, Array.zeroCreate<byte>(3 * Array.length labels), 1, 1, (fun i -> $"train/x/{i}.png"))

[<Tests>]
let laws =
    testList "Data.LabelSplit.Laws" [
        law "by count: exactly so many of each class, no repeats, ascending"
        <| fun (labels, sizes, perClass, seed) ->
            let split =
                LabelSplit.ByCount(labels, names sizes, perClass, seed).Indices |> Seq.toList

            Expect.equal split (split |> List.distinct |> List.sort) "a set in order"
            let counts = split |> List.countBy (fun i -> labels[i]) |> List.sort
            Expect.equal counts [ for label in 0 .. sizes.Length - 1 -> label, perClass ] "balanced"

        law "a seed fixes the split, and fewer labels are a part of more"
        <| fun (labels, sizes, perClass, seed) ->
            let draw count =
                LabelSplit.ByCount(labels, names sizes, count, seed).Indices |> Set.ofSeq

            Expect.equal (draw perClass) (draw perClass) "deterministic"
            Expect.isTrue (Set.isSubset (draw 1) (draw perClass)) "nested"

        law "by fraction: the rounded share of each class, at least one"
        <| fun (labels, sizes, perClass, seed) ->
            let fraction = float perClass / 30.0
            let split = LabelSplit.ByFraction(labels, names sizes, fraction, seed).Indices
            let counts = split |> Seq.countBy (fun i -> labels[i]) |> Map

            for label, size in List.indexed sizes do
                Expect.equal counts[label] (max 1 (int (System.Math.Round(fraction * float size)))) "share"

        law "a written split reads back"
        <| fun (labels, sizes, perClass, seed) ->
            use folder = new DataFolder()
            use data = dataset labels sizes
            let split = LabelSplit.ByCount(labels, names sizes, perClass, seed)
            let file = folder.File "labels.txt"
            split.WriteTo file
            Expect.sequenceEqual (LabelSplit.FromFile(file, data).Indices) split.Indices "same"
            Expect.hasLength (Directory.GetFiles folder.Path) 1 "nothing left aside"
    ]
