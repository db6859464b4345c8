/// Image files for tests of folders.
module Paws.Tests.PictureFiles

open System
open System.IO
open Paws.Data.Datasets

/// A picture whose pixels follow from its seed; PNG keeps them exactly.
let picture seed width height =
    RgbImage(ReadOnlyMemory(Array.init (width * height * 3) (fun i -> byte (seed * 37 + i * 11))), width, height)

/// Writes a picture as a PNG file inside a folder.
let put (folder: DataFolder) (path: string) image =
    File.WriteAllBytes(folder.File path, FolderExport.Png image)
