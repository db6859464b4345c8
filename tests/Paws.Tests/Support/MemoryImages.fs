namespace Paws.Tests

open System
open Paws.Data
open Paws.Data.Datasets

/// Small images made by a formula, kept in memory.
[<RequireQualifiedAccess>]
module MemoryImages =

    let image width height (number: int) =
        let pixel i =
            byte ((i * 37 + i / 7 * 11 + number * 29) % 256)

        RgbImage(ReadOnlyMemory(Array.init (3 * width * height) pixel), width, height)

    /// A data set of `count` images whose labels go round; reading an image in `broken` fails.
    let dataset count classes (broken: int -> bool) =
        let images = Array.init count (image 32 32)
        let labels = Array.init count (fun i -> i % classes)

        {
            new IImageDataset with
                member _.Name = "memory"
                member _.Count = count
                member _.Classes = [| for k in 0 .. classes - 1 -> $"class {k}" |]
                member _.Labels = labels
                member _.NameOf index = $"image {index}"

                member _.Read index =
                    if broken index then
                        raise (DataException $"image {index} is broken")

                    images[index]

                member _.Dispose() = ()
        }
