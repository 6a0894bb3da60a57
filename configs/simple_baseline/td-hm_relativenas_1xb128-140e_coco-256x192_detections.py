# The same network tested with person detections (mmpose's file, AP 56.4) instead of ground-truth boxes.
_base_ = "./td-hm_relativenas_1xb128-140e_coco-256x192.py"
detections = _base_.data_root + "person_detection_results/COCO_val2017_detections_AP_H_56_person.json"
test_dataloader = dict(dataset=dict(bbox_file=detections))
