module Paws.Tests.Data.UnlabeledFolderProps

open System.IO
open Expecto
open FsCheck
open FsCheck.FSharp
open Paws.Data.Datasets
open Paws.Data.Datasets.Folders
open Paws.Data.Sampling
open Paws.Data.Splits
open Paws.Tests
open Paws.Tests.PictureFiles

/// A folder of images to be written: with or without train and test folders, uneven classes, unlabeled images at any depth.
type private Layout = {
    Split: bool
    Sizes: int list
    Unlabeled: string list
    HoldOut: float
    Seed: int
}

let private layouts =
    gen {
        let! split = Gen.elements [ true; false ]
        let! classes = Gen.choose (2, 4)
        let! sizes = Gen.listOfLength classes (Gen.choose (2, 5))
        let! count = Gen.choose (1, 8)
        let! depths = Gen.listOfLength count (Gen.choose (0, 2))
        let! holdOut = Gen.elements [ 0.1; 0.5; 0.9 ]
        let! seed = Gen.choose (0, 1000)

        return {
            Split = split
            Sizes = sizes
            Unlabeled = List.mapi (fun i depth -> "unlabeled/" + String.replicate depth "x/" + $"{i}.png") depths
            HoldOut = holdOut
            Seed = seed
        }
    }

let private write (folder: DataFolder) layout =
    let part = if layout.Split then "train/" else ""

    [
        for label, size in List.indexed layout.Sizes do
            for i in 0 .. size - 1 do
                $"{part}class{label}/{i}.png"

            if layout.Split then
                $"test/class{label}/0.png"
        yield! layout.Unlabeled
    ]
    |> List.iteri (fun i path -> put folder path (picture i 1 1))

/// A law of the training images of a random folder.
let private law name property =
    testPropertyWithConfig
        {
            FsCheckConfig.defaultConfig with
                maxTest = 25
        }
        name
        (Prop.forAll (Arb.fromGen layouts) (fun layout ->
            use folder = new DataFolder()
            write folder layout

            let options =
                FolderOptions(CacheDirectory = Path.Combine(folder.Path, ".cache"), HoldOut = layout.HoldOut, Seed = layout.Seed)

            use data = ImageFolder.Open(folder.Path, options)
            property layout data))

let private isWithoutClass (data: IImageDataset) index =
    (data.NameOf index).StartsWith "unlabeled/"

[<Tests>]
let laws =
    testList "Data.ImageFolder.Unlabeled.Laws" [
        law "an image has no class if, and only if, it is in unlabeled, and is then no test image"
        <| fun layout data ->
            for i in 0 .. data.Train.Count - 1 do
                Expect.equal (data.Train.Labels[i] = IImageDataset.NoClass) (isWithoutClass data.Train i) (data.Train.NameOf i)

            Expect.equal data.WithoutClass layout.Unlabeled.Length "all"
            Expect.all data.Test.Labels (fun label -> label >= 0) "test images"

        law "the labeled split never holds an image without a class"
        <| fun layout data ->
            let train = data.Train

            let fewest =
                train.Labels
                |> Seq.filter (fun k -> k >= 0)
                |> Seq.countBy id
                |> Seq.map snd
                |> Seq.min

            for split in
                [
                    for count in 1..fewest -> LabelSplit.ByCount(train.Labels, train.Classes, count, layout.Seed)
                    for share in [ 0.01; 0.5; 1.0 ] -> LabelSplit.ByFraction(train.Labels, train.Classes, share, layout.Seed)
                ] do
                Expect.all split.Indices (fun i -> not (isWithoutClass train i)) split.Source

            let everyLabel =
                LabelSplit.ByFraction(train.Labels, train.Classes, 1.0, layout.Seed).Indices

            Expect.hasLength everyLabel (train.Count - data.WithoutClass) "a share is one of the images with a class"

        law "the unlabeled sampler sees every image without a class once an epoch"
        <| fun layout data ->
            let count = data.Train.Count

            let wanted =
                Set [
                    for i in 0 .. count - 1 do
                        if isWithoutClass data.Train i then
                            i
                ]

            // Batches that leave no incomplete last one, which would be dropped.
            for batch in [ 1..count ] |> List.filter (fun batch -> count % batch = 0) do
                let sampler = UnlabeledSampler(count, batch, uint64 layout.Seed)

                for epoch in 0..1 do
                    let seen = [
                        for step in epoch * sampler.StepsPerEpoch .. (epoch + 1) * sampler.StepsPerEpoch - 1 do
                            yield! sampler.At(step).ToArray() |> Array.filter wanted.Contains
                    ]

                    Expect.equal (List.sort seen) (Set.toList wanted) $"batch {batch}, epoch {epoch}"
    ]
